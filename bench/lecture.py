"""Truth on the example lecture: changes of the picture, sentence starts, and its twenty questions.

    python bench/lecture.py --lecture out/lecture.mp4 [--home DIR] [--model] [--json out.json]

The captions inside the file are left aside. Without `--home` the lecture is indexed afresh in a temporary library.
`--model` asks the questions once more with the language model, which takes minutes.
"""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from compare import changes_of, compare_changes, foreign_clocks, median_s, start_distances_s
from lecture_questions import Question, load_questions
from report import Table, finish, options, truth_beside
from seehear.library import Library
from seehear.media.slides import slides
from seehear.spans import clock
from seehear.timeline import Timeline

RIGHT_OF_20 = 18
Truth = dict[str, Any]


def pictures(lecture: Path, truth: Truth) -> Table:
    table = Table("Example lecture: changes of the picture")
    changes = changes_of(truth)
    began = time.process_time()
    points = list(slides(lecture))
    took = time.process_time() - began
    compared = compare_changes(changes, points)
    table.add(
        "slide changes and builds found", f"{len(compared.found)} of {len(changes)}", "all", met=not compared.missed
    )
    table.add("false", len(compared.false_s), "none", met=not compared.false_s)
    table.add("worst distance of a found one", f"{compared.worst_s:.3f} s", "≤ 0.5 s", met=compared.worst_s <= 0.5)
    table.add("CPU seconds", f"{took:.2f}")
    if compared.missed or compared.false_s:
        table.note(compared.tell())
    table.note("While code is being typed any number of points counts as right; its complete state must be pictured.")
    return table


def speech(timeline: Timeline, truth: Truth) -> Table:
    table = Table("Example lecture: sentence starts")
    starts = [event.span.start_s for event in timeline.of_kind("transcript")]
    off = start_distances_s([sentence["start_s"] for sentence in truth["sentences"]], starts)
    table.add("true start to nearest found, median", f"{median_s(off):.3f} s", "≤ 0.5 s", met=median_s(off) <= 0.5)
    table.add("the worst", f"{max(off):.2f} s")
    table.add("sentences with a start within 0.5 s", f"{sum(o <= 0.5 for o in off)} of {len(off)}")
    table.add("segments heard", len(starts))
    far = [(s["start_s"], s["text"]) for s, o in zip(truth["sentences"], off, strict=True) if o > 0.5]
    table.notes += [f"no start within 0.5 s of {clock(at)} “{text}”" for at, text in far]
    return table


def questions(library: Library, lecture: Path, asked: tuple[Question, ...], *, label: str) -> Table:
    table = Table(f"Example lecture: {len(asked)} questions, {label}")
    timeline = library.timeline(lecture)
    right, foreign, slow = 0, [], []
    for question in asked:
        began = time.perf_counter()
        answer = library.ask(question.text, media=[lecture])
        slow.append(time.perf_counter() - began)
        first = answer.moments[0].start_s if answer.moments else None
        if question.answerable:
            is_right = answer.supported and first is not None and question.is_met_by(first)
        else:
            is_right = not answer.supported
        right += is_right
        strange = foreign_clocks(answer, [timeline])
        foreign += [f"“{question.text}” prints {time}" for time in strange]
        if not is_right:
            table.note(_wrong(question, first, supported=answer.supported))
    target = round(RIGHT_OF_20 / 20 * len(asked))
    table.add("right moment first within 5 s, or rightly refused", f"{right} of {len(asked)}", f"≥ {target}",
              met=right >= target)  # fmt: skip
    table.add("printed times that are not in the timeline", len(foreign), "none", met=not foreign)
    table.add("seconds per question, median and worst", f"{sorted(slow)[len(slow) // 2]:.2f} and {max(slow):.2f}")
    table.notes += foreign
    return table


def _wrong(question: Question, first: float | None, *, supported: bool) -> str:
    places = ", ".join(f"{clock(s.start_s)}–{clock(s.end_s)}" for s in question.spans) or "nowhere"
    got = "refused" if not supported else "answered"
    where = "without a moment" if first is None else f"first moment {clock(first)}"
    return f"wrong: “{question.text}” ({question.kind}) is at {places}; {got}, {where}"


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--home", type=Path, help="use (and keep) the library there")
    parser.add_argument("--model", action="store_true", help="ask with the language model too")
    chosen = parser.parse_args()
    truth = truth_beside(chosen.lecture)
    tables = [pictures(chosen.lecture, truth)]
    with TemporaryDirectory() as folder:
        home = chosen.home or Path(folder)
        with Library(home, captions="never", answer="extractive") as library:
            tables.append(speech(library.timeline(chosen.lecture), truth))
            asked = load_questions(truth)
            tables.append(questions(library, chosen.lecture, asked, label="extracted"))
        if chosen.model:
            with Library(home, captions="never", answer="auto") as library:
                cards = library.models.cards()
                name = cards["answer"].name if "answer" in cards else "no model is here"
                tables.append(questions(library, chosen.lecture, asked, label=name))
    finish(tables, chosen.json)


if __name__ == "__main__":
    main()
