"""Questions in Korean, Japanese and Chinese about a short lecture in the same language: found, and refused.

    python bench/cjk.py [--miss]

Three lectures of about 42 sentences, 15 questions each that they answer and 5 that they do not, in
`questions/cjk.jsonl`: all of them written for this. Right is a first moment, within the lecture, whose best sentences
start no more than 5 s outside of what answers; `hit` is any overlap. `--miss` prints what went wrong.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from retrieval import ROOT, fill
from seehear.answer.refusal import fits
from seehear.backends import registry
from seehear.backends.protocols import Embedder
from seehear.search import find
from seehear.search.passages import cut_up
from seehear.search.route import read_question
from seehear.spans import Span
from seehear.store import Store
from seehear.timeline import Timeline
from seehear.values import Event, Media

QUESTIONS = ROOT / "bench" / "questions" / "cjk.jsonl"
LANGUAGES = ("ko", "ja", "zh")


@dataclass(frozen=True)
class Asked:
    text: str
    media: str
    gold: Span | None


def read() -> tuple[list[Timeline], list[Asked]]:
    timelines: dict[str, Timeline] = {}
    asked = []
    for line in QUESTIONS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        code = row["language"]
        if "said" in row:
            events = [Event(Span(a, b), "transcript", text, "truth") for a, b, text in row["said"]]
            media = Media(code.ljust(64, "0"), Path(code), code, "captions", events[-1].span.end_s, 0)
            timelines[code] = Timeline.build(media, events)
            continue
        said = timelines[code].events
        gold = row.get("sentences")
        span = Span(said[gold[0] - 1].span.start_s, said[gold[1] - 1].span.end_s) if gold else None
        asked.append(Asked(row["question"], timelines[code].media.id, span))
    return list(timelines.values()), asked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--miss", action="store_true")
    options = parser.parse_args()
    timelines, asked = read()
    ways: list[Embedder | None] = [None, registry.open_embedder("minilm"), registry.open_embedder("e5")]
    for embedder in ways:
        with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
            if embedder is None:
                for timeline in timelines:
                    store.put_timeline(timeline, cut_up(timeline))
            else:
                fill(store, timelines, embedder)
            for code in LANGUAGES:
                some = [q for q in asked if q.media.startswith(code)]
                _report(store, embedder, code, some, miss=options.miss)


def _report(store: Store, embedder: Embedder | None, code: str, asked: list[Asked], *, miss: bool) -> None:
    hits = starts = refused = answered = 0
    for question in asked:
        intent = read_question(question.text)
        found = find(store, embedder, intent, query=question.text, media=[question.media], limit=1)
        fit = fits(found.signal, embedder=found.compared_by)
        first = found.moments[0].span if found.moments else Span(-10.0, -9.0)
        if question.gold is None:
            answered += fit
            wrong = fit
        else:
            hit = first.overlap_s(question.gold) > 0
            hits += hit
            starts += hit and question.gold.start_s - 5 <= first.start_s <= question.gold.end_s
            refused += not fit
            wrong = not (hit and fit)
        if miss and wrong:
            print(f"    {question.text} {intent.terms.words} {first} {question.gold} {found.signal}")
    name = "words" if embedder is None else embedder.card.name
    there = sum(q.gold is not None for q in asked)
    print(
        f"{name:7} {code}: hit {hits}, start {starts} of {there}; refused {refused} of {there},"
        f" answered though it is not there {answered} of {len(asked) - there}"
    )


if __name__ == "__main__":
    main()
