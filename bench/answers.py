"""Written answers: are their sentences held by what they cite, and how soon is the first of them there?

    python bench/answers.py [--answer auto] [--against extractive] [--count 60] [--sheet sheet.md] [--json out.json]
    python bench/answers.py --time [--answer auto]

The questions are those of the example lecture (with --lecture and its truth) and of `bench/questions/hf_course.jsonl`
(references in `hf_course_answers.jsonl`), asked of their recordings. `--sheet` writes every sentence beside its quotes,
for a person to read and mark. `--seconds` stops asking after so long; both ways of answering are then compared on the
questions that were asked. `--time` joins the course into a recording of an hour and takes the time to the moments and
to the first word, model loaded and not.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from lecture_questions import load_questions
from report import ROOT, Table, finish, median, options, truth_beside
from retrieval import default_embedder, fill, hf_course
from seehear.answer import ask
from seehear.answer.counting import Counting
from seehear.backends.protocols import Answerer, Embedder
from seehear.backends.registry import open_answerer
from seehear.evaluate import Question, Run, compare_runs, run
from seehear.evaluate.metrics import GROUPS
from seehear.evaluate.scored import Scored
from seehear.library import Library
from seehear.search import search
from seehear.spans import Span
from seehear.store import Store
from seehear.timeline import Timeline
from seehear.values import Answer, Event, Media, Moment

ENOUGH = 0.85
HOUR_S = 3600.0
MOMENTS_S = 0.3
FIRST_WORD_S = 5.0
BATCH = 5


class Asker:
    """A library of timelines without files, and who writes."""

    def __init__(self, store: Store, embedder: Embedder, answerer: Answerer | None) -> None:
        self.store, self.embedder, self.answerer = store, embedder, answerer

    def ask(
        self, question: str, *, media: Sequence[str] | None = None,
        on_moments: Callable[[Sequence[Moment]], None] | None = None, on_text: Callable[[str], None] | None = None,
    ) -> Answer:  # fmt: skip
        counted = None if self.answerer is None else Counting(self.answerer)
        if counted is not None:
            counted.start()
        found = ask(
            question, store=self.store, embedder=self.embedder, answerer=counted, media=media, on_moments=on_moments,
            on_text=on_text,
        )  # fmt: skip
        return found if counted is None else replace(found, tokens=counted.tokens)

    def search(self, query: str, *, media: Sequence[str] | None = None, limit: int = 10) -> list[Moment]:
        return search(self.store, self.embedder, query, media=media, limit=limit)


def questions_of(store: Store, embedder: Embedder, lecture: Path, home: Path, count: int) -> list[Question]:
    """The questions, their recordings in the store."""
    timelines, asked = hf_course()
    lines = (ROOT / "bench" / "questions" / "hf_course_answers.jsonl").read_text(encoding="utf-8").splitlines()
    references = {(row["question"], row["media"]): row["answer"] for row in map(json.loads, lines)}
    found = [
        Question(q.text, q.media, q.spans, references.get((q.text, q.media), ""), kind="course")
        for q in asked if q.answerable and q.split in ("train", "test")
    ]  # fmt: skip
    if lecture.is_file():
        truth = truth_beside(lecture)
        with Library(home, captions="never", answer="extractive") as library:
            timeline = library.timeline(lecture)
        timelines.append(timeline)
        found = [
            Question(q.text, timeline.media.id, q.spans, q.answer, kind="lecture")
            for q in load_questions(truth) if q.answerable
        ] + found  # fmt: skip
    fill(store, timelines, embedder)
    # Every so many, so that few questions are of all sorts too.
    step = max(1.0, len(found) / max(1, count))
    return [found[int(i * step)] for i in range(min(count, len(found)))]


def asked_by(asker: Asker, questions: Sequence[Question], *, most_s: float, name: str) -> Run:
    """One run over as many questions as there is time for."""
    began, rows, backends = time.perf_counter(), list[Scored](), dict[str, str]()
    for at in range(0, len(questions), BATCH):
        if time.perf_counter() - began > most_s:
            print(f"time is up after {len(rows)} of {len(questions)} questions", file=sys.stderr)
            break
        some = questions[at : at + BATCH]
        part = run(
            asker, some, identify=lambda media: media, scope=[row.id for row in asker.store.media()],
            embedder=asker.embedder, settings={"answer": name},
        )  # fmt: skip
        rows += part.rows
        backends = part.backends
    return Run(tuple(rows), len(asker.store.media()), {"answer": name}, backends, time.perf_counter() - began)


def supported(this: Run) -> Table:
    sentences = [s for row in this.rows for s in row.sentences]
    held = sum(s.supported for s in sentences)
    table = Table(f"Written answers: {this.backends.get('answer', '')}, {len(this.rows)} questions")
    share = held / max(1, len(sentences))
    told = f"{held} of {len(sentences)} ({share:.0%})"
    table.add("sentences held by their citations, by rule", told, f"≥ {ENOUGH:.0%}",
              met=share >= ENOUGH)  # fmt: skip
    bare = sum(not s.quotes for s in sentences)
    table.add("sentences without a citation", bare, "none", met=not bare)
    refused = sum(row.refused for row in this.rows)
    table.add("questions refused", f"{refused} of {len(this.rows)}")
    table.notes += [f"not held ({s.reason}): {s.text}" for row in this.rows for s in row.sentences if not s.supported]
    return table


def side_by_side(this: Run, other: Run) -> Table:
    compared = compare_runs(this, other)
    names = [run.backends.get("answer", "?") for run in (this, other)]
    table = Table(f"{names[0]} against {names[1]}, {compared.shared} questions")
    for number in (*GROUPS["answer"], *GROUPS["cost"], *GROUPS["refusal"]):
        row = compared.numbers.get(number.source)
        if row is not None and number.compared:
            told = f"{row.first:.3f} against {row.second:.3f} ({row.difference:+.3f},"
            told += f" 95 % {row.low:+.3f} to {row.high:+.3f}, p {row.p:.3f}, n {row.pairs})"
            table.add(number.label.replace(", median", ", mean"), told)
    return table


def sheet_of(runs: Sequence[Run]) -> str:
    """Every sentence beside its quotes, with a box for the reader's verdict."""
    lines = ["# Read me: does the quote bear the sentence out?", ""]
    for this in runs:
        lines += [f"## {this.backends.get('answer', '')}", ""]
        for row in this.rows:
            lines.append(
                f"**{row.question.text}**" + (f" (reference: {row.question.answer})" if row.question.answer else "")
            )
            lines += ["", "refused"] if row.refused else []
            for sentence in row.sentences:
                quotes = " / ".join(
                    f"[{at}] {quote}" for at, quote in zip(sentence.clocks, sentence.quotes, strict=True)
                )
                lines += [
                    "",
                    f"- [ ] {sentence.text}",
                    f"  - {quotes}",
                    f"  - rule: {sentence.supported}, {sentence.reason}",
                ]
            lines.append("")
    return "\n".join(lines)


def an_hour(timelines: Sequence[Timeline]) -> tuple[Timeline, dict[str, float]]:
    """The recordings one after the other as one of an hour, and where each starts in it."""
    events, starts, at_s = list[Event](), dict[str, float](), 0.0
    for timeline in timelines:
        if at_s + timeline.media.duration_s > HOUR_S:
            continue
        starts[timeline.media.id] = at_s
        events += [
            Event(Span(e.span.start_s + at_s, e.span.end_s + at_s), e.kind, e.text, e.via) for e in timeline.events
        ]
        at_s += timeline.media.duration_s
    media = Media("hour", Path("hour"), "an hour", "captions", at_s, 0)
    return Timeline.build(media, events), starts


def times(answer: str, count: int) -> Table:
    timelines, asked = hf_course()
    hour, starts = an_hour(timelines)
    some = [q.text for q in asked if q.answerable and q.media in starts and q.split in ("train", "test")][:count]
    embedder = default_embedder()
    with TemporaryDirectory() as folder, Store(Path(folder)) as store:
        fill(store, [hour], embedder)
        with closing(open_answerer(answer)) as answerer:
            asker = Asker(store, embedder, answerer)
            for text in ("what is this about?", *some[:2]):
                asker.ask(text, media=[hour.media.id])
            warm = [timed(asker, text, hour.media.id) for text in some]
        cold = []
        for text in some[:3]:
            # A model that is not loaded yet, as in a process of its own.
            with closing(open_answerer(answer)) as answerer:
                cold.append(timed(Asker(store, embedder, answerer), text, hour.media.id))
    minutes = hour.media.duration_s / 60
    table = Table(f"Time to an answer: a recording of {minutes:.0f} minutes, {len(some)} questions, {answer}")
    for name, each, target_s in (
        ("to the moments", [t.moments_s for t in warm], MOMENTS_S),
        ("to the first word", [t.word_s for t in warm], FIRST_WORD_S),
        ("to the end", [t.end_s for t in warm], None),
        ("to the first word, model not loaded", [t.word_s for t in cold], None),
    ):
        wall_s, cpu_s = (median([pair[i] for pair in each]) for i in (0, 1))
        target = {} if target_s is None else {"target": f"≤ {target_s} s", "met": wall_s <= target_s}
        told = f"{wall_s:.2f} s wall, {cpu_s:.2f} CPU s (worst {max(pair[0] for pair in each):.2f} s)"
        table.add(f"{name}, median", told, **target)
    table.note("The verdict goes by the clock, so that what else the machine does counts.")
    return table


@dataclass(frozen=True)
class Took:
    """Seconds of the wall clock and of the processor, the model's process included."""

    moments_s: tuple[float, float]
    word_s: tuple[float, float]
    end_s: tuple[float, float]


def timed(asker: Asker, question: str, media: str) -> Took:
    began, busy = time.perf_counter(), cpu_s()
    marks: dict[str, tuple[float, float]] = {}

    def mark(name: str) -> None:
        marks.setdefault(name, (time.perf_counter() - began, cpu_s() - busy))

    asker.ask(question, media=[media], on_moments=lambda _: mark("moments"), on_text=lambda _: mark("word"))
    mark("end")
    return Took(marks["moments"], marks["word"], marks["end"])


def cpu_s() -> float:
    """Processor seconds of this process and of those of its children that run."""
    me = psutil.Process()
    return sum(sum(process.cpu_times()[:2]) for process in (me, *me.children()))


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--home", type=Path, help="use (and keep) the library of the lecture there")
    parser.add_argument("--answer", default="llama:qwen2.5-coder-1.5b")
    parser.add_argument("--against", default="extractive", help="none: no second run")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=1800.0, help="stop asking after so long")
    parser.add_argument("--sheet", type=Path, help="write every sentence with its quotes there, to be read")
    parser.add_argument("--time", action="store_true", help="only the time to the moments and to the first word")
    chosen = parser.parse_args()
    if chosen.time:
        finish([times(chosen.answer, min(chosen.count, 20))], chosen.json)
        return
    embedder = default_embedder()
    with TemporaryDirectory() as folder, Store(Path(folder) / "store") as store:
        questions = questions_of(store, embedder, chosen.lecture, chosen.home or Path(folder) / "home", chosen.count)
        runs = []
        for name in (chosen.answer, chosen.against):
            if name == "none":
                continue
            answerer = None if name == "extractive" else open_answerer(name)
            runs.append(asked_by(Asker(store, embedder, answerer), questions, most_s=chosen.seconds, name=name))
            if answerer is not None:
                answerer.close()
    tables = [supported(this) for this in runs]
    if len(runs) == 2:
        tables.append(side_by_side(*runs))
    if chosen.sheet is not None:
        chosen.sheet.write_text(sheet_of(runs), encoding="utf-8")
    finish(tables, chosen.json)


if __name__ == "__main__":
    main()
