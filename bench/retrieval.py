"""How often the right lecture and the right moment come first, against what 60-second windows give.

    python bench/retrieval.py [--set tutorialvqa|hf_course|cs241|together] [--split test] [--count 400] [--hours]

Baselines, on the same questions and the same vectors' model: BM25 over 60-second windows, MiniLM over the same
windows, and equal rank fusion of the two. `iou` is the overlap of the first moment's sentences with the gold
sentences, `hit` any overlap, `start` a first moment that starts no more than 5 s outside the gold span.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from seehear.backends.protocols import Embedder
from seehear.search import Weights, find
from seehear.search.matching import TokenIndexer
from seehear.search.passages import cut_up, texts_to_embed
from seehear.search.route import read_question
from seehear.search.sentences import sentences
from seehear.search.windows import windows
from seehear.spans import Span
from seehear.store import Store
from seehear.store.tokens import pack
from seehear.timeline import Timeline
from seehear.values import Event, Media

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
WINDOW_S = 60.0
HOUR_S = 3600.0


@dataclass(frozen=True)
class Question:
    text: str
    media: str
    spans: tuple[Span, ...]
    answerable: bool = True
    split: str = "test"
    kind: str = ""


def tutorialvqa() -> tuple[list[Timeline], list[Question]]:
    """Screencast transcripts; a sentence's time is interpolated between the times of the titled segments."""
    folder = DATA / "qa" / "tutorialvqa"
    timelines, starts = [], {}
    for video in json.loads((folder / "videos.json").read_text()):
        bounds = _bounds(video)
        name = f"tutorial-{video['video_id']}"
        events = [
            Event(Span(float(a), float(max(a, b))), "transcript", text, "truth")
            for text, a, b in zip(video["transcript"], bounds, bounds[1:], strict=False)
        ]
        media = Media(name, Path(name), video["video_title"], "captions", float(bounds[-1]), 0)
        timelines.append(Timeline.build(media, events))
        starts[name] = bounds
    questions = []
    for split in ("train", "dev", "test"):
        for row in json.loads((folder / f"{split}.json").read_text()):
            name = f"tutorial-{row['video_id']}"
            span = Span(float(starts[name][row["answer_start"]]), float(starts[name][row["answer_end"] + 1]))
            questions.append(Question(row["question"].strip(), name, (span,), split=split))
    return timelines, questions


def _bounds(video: dict) -> np.ndarray:
    chars = np.cumsum([0] + [len(text) + 1 for text in video["transcript"]])
    anchors = {0: 0.0}
    for part in video["segments"]:
        at, times = part["sentence_indexes"], part["timestamps"]
        anchors[at["start"]] = float(times["start"])
        anchors.setdefault(at["end"] + 1, float(times["end"]))
    kept = [0]
    for index in sorted(anchors)[1:]:
        if index < len(chars) and anchors[index] > anchors[kept[-1]] + 0.5:
            kept.append(index)
    xs, ys = [float(chars[k]) for k in kept], [anchors[k] for k in kept]
    end = max(float(chars[-1]), xs[-1] + 1)
    return np.interp(chars, [*xs, end], [*ys, ys[-1] + (end - xs[-1]) / 15.0])


def hf_course() -> tuple[list[Timeline], list[Question]]:
    """Real captions of a course in 82 short videos, with questions written for this project."""
    from seehear.captions import parse_captions

    timelines = []
    for path in sorted((DATA / "transcripts" / "hf_course_en").glob("*.srt")):
        segments = parse_captions(path.read_text(encoding="utf-8-sig"), via="captions").segments
        events = [Event(s.span, "transcript", s.text, "captions") for s in segments]
        title = path.stem.rsplit("_", 1)[1].replace("-", " ")
        end_s = max(s.span.end_s for s in segments)
        timelines.append(Timeline.build(Media(path.stem.rsplit("_", 1)[0], path, title, "captions", end_s, 0), events))
    return timelines, _written("hf_course")


def cs241() -> tuple[list[Timeline], list[Question]]:
    """Real captions, mostly without punctuation, of 20 programming screencasts, with questions written for this."""
    from seehear.captions import parse_captions

    timelines = []
    for path in sorted((DATA / "transcripts" / "uiuc_cs241_minivideos").glob("*.webvtt")):
        segments = parse_captions(path.read_text(encoding="utf-8-sig"), via="captions").segments
        events = [Event(s.span, "transcript", s.text, "captions") for s in segments]
        media = Media(path.stem[:4], path, path.stem[5:], "captions", max(s.span.end_s for s in segments), 0)
        timelines.append(Timeline.build(media, events))
    return timelines, _written("cs241")


def _written(name: str) -> list[Question]:
    """The questions of a set: those that were tuned on (splits train and test) and those that never were (held)."""
    folder = ROOT / "bench" / "questions"
    rows = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    held = [json.loads(line) for line in (folder / "held_out.jsonl").read_text(encoding="utf-8").splitlines()]
    return [
        Question(
            r["question"], r["media"], tuple(Span(*s) for s in r.get("spans", ())), r.get("answerable", True),
            r["split"], r.get("kind", "") if r["split"] != "held" or r["answerable"] else r.get("kind", "near by"),
        )
        for r in [*rows, *(r for r in held if r["set"] == name)]
    ]  # fmt: skip


def together() -> tuple[list[Timeline], list[Question]]:
    """All three in one library, as a search over many recordings finds it; 250 questions of the largest set."""
    timelines, questions = [], []
    for make in (tutorialvqa, hf_course, cs241):
        recordings, asked = make()
        tuned = [
            q for q in asked if q.answerable and q.split in (("train",) if make is tutorialvqa else ("train", "test"))
        ]
        timelines += recordings
        questions += random.Random(5).sample(tuned, min(250, len(tuned)))
    return timelines, [replace(q, split="tuned") for q in questions]


def hours(timelines: list[Timeline], questions: list[Question]) -> tuple[list[Timeline], list[Question]]:
    """The same recordings in a drawn order (seed 3), joined to recordings of an hour or a little more."""
    joined: list[Timeline] = []
    placed: dict[str, tuple[str, float]] = {}
    events: list[Event] = []
    end_s = 0.0
    order = random.Random(3).sample(timelines, len(timelines))
    for timeline in order:
        name = f"hour-{len(joined)}"
        placed[timeline.media.id] = (name, end_s)
        events += [replace(e, span=_later(e.span, end_s)) for e in timeline.events]
        end_s += timeline.media.duration_s
        if end_s >= HOUR_S or timeline is order[-1]:
            joined.append(Timeline.build(Media(name, Path(name), name, "captions", end_s, 0), events))
            events, end_s = [], 0.0
    moved = []
    for q in questions:
        name, start_s = placed.get(q.media, (q.media, 0.0))
        moved.append(replace(q, media=name, spans=tuple(_later(s, start_s) for s in q.spans)))
    return joined, moved


def _later(span: Span, by_s: float) -> Span:
    return Span(span.start_s + by_s, span.end_s + by_s)


SETS = {"tutorialvqa": tutorialvqa, "hf_course": hf_course, "cs241": cs241}
LIBRARIES = {**SETS, "together": together}


class Windows:
    """The three baselines over 60-second windows."""

    def __init__(self, timelines: list[Timeline], embedder: Embedder) -> None:
        self.rows: list[tuple[str, Span]] = []
        texts = []
        for timeline in timelines:
            groups: dict[int, list[tuple[Span, str]]] = {}
            for span, text in sentences(timeline.of_kind("transcript")):
                groups.setdefault(int(span.start_s // WINDOW_S), []).append((span, text))
            for group in groups.values():
                self.rows.append((timeline.media.id, Span(group[0][0].start_s, max(s.end_s for s, _ in group))))
                texts.append(" ".join(t for _, t in group))
        self.vectors = embedder.embed(texts)
        self.bags = [Counter(re.findall(r"\w+", t.lower())) for t in texts]
        self.frequency = Counter(w for bag in self.bags for w in bag)
        self.lengths = np.array([sum(bag.values()) for bag in self.bags], float)

    def bm25(self, question: str) -> np.ndarray:
        out = np.zeros(len(self.bags))
        norm = 1.2 * (0.25 + 0.75 * self.lengths / self.lengths.mean())
        for word in set(re.findall(r"\w+", question.lower())):
            n = self.frequency[word]
            idf = math.log(1 + (len(self.bags) - n + 0.5) / (n + 0.5))
            counts = np.array([bag[word] for bag in self.bags], float)
            out += idf * counts * 2.2 / (counts + norm)
        return out

    def rank(self, question: str, vector: np.ndarray, media: str | None) -> dict[str, list[tuple[str, Span]]]:
        keep = [i for i, row in enumerate(self.rows) if media is None or row[0] == media]
        words, dense = self.bm25(question)[keep], (self.vectors @ vector)[keep]
        places = [np.argsort(np.argsort(-s, kind="stable"), kind="stable") for s in (words, dense)]
        fused = sum(1.0 / (60 + p + 1) for p in places)
        arms = {"BM25 60 s": words, "MiniLM 60 s": dense, "equal RRF 60 s": fused}
        return {name: [self.rows[keep[i]] for i in np.argsort(-s, kind="stable")[:5]] for name, s in arms.items()}


class Tally:
    def __init__(self) -> None:
        self.sums: Counter[str] = Counter()
        self.n = 0

    def add(self, ranked: list[tuple[str, Span]], question: Question, marks: list[Span]) -> None:
        self.n += 1
        hits = [m == question.media and any(s.overlap_s(g) > 0 for g in question.spans) for m, s in ranked]
        self.sums["hit@1"] += bool(hits and hits[0])
        self.sums["hit@5"] += any(hits[:5])
        self.sums["lecture@1"] += bool(ranked and ranked[0][0] == question.media)
        if not ranked or ranked[0][0] != question.media:
            return
        first = ranked[0][1]
        self.sums["start@1"] += any(g.start_s - 5 <= first.start_s <= g.end_s for g in question.spans)
        got, gold = _held(marks, [first]), _held(marks, question.spans)
        self.sums["iou@1"] += len(got & gold) / max(1, len(got | gold))

    def row(self) -> str:
        names = ("lecture@1", "hit@1", "hit@5", "start@1", "iou@1")
        return "  ".join(f"{self.sums[name] / max(1, self.n):9.3f}" for name in names)


def _held(marks: list[Span], spans: list[Span] | tuple[Span, ...]) -> set[int]:
    return {i for i, m in enumerate(marks) if any(m.overlap_s(s) > 0.5 * m.duration_s for s in spans)}


def fill(store: Store, timelines: list[Timeline], embedder: Embedder) -> None:
    known = {row.id for row in store.media()}
    for timeline in timelines:
        if timeline.media.id not in known:
            made = cut_up(timeline)
            if isinstance(embedder, TokenIndexer):
                rows, tokens = embedder.embed_with_tokens(texts_to_embed(made))
                packed = [pack(found) for _, found in tokens]
            else:
                rows, packed = embedder.embed(texts_to_embed(made)), None
            around = windows(made.units)
            minutes = dict(zip(around, embedder.embed(list(around.values())), strict=True))
            store.put_timeline(
                timeline, made, embedder=embedder.card.name, unit_vectors=rows, unit_tokens=packed,
                window_vectors=minutes,
            )  # fmt: skip


def evaluate(
    store: Store, embedder: Embedder | None, questions: list[Question], marks: dict[str, list[Span]],
    *, within: bool, weights: Weights | None = None,
) -> Tally:  # fmt: skip
    tally = Tally()
    for q in questions:
        media = [q.media] if within else None
        found = find(store, embedder, read_question(q.text), query=q.text, media=media, limit=5, weights=weights)
        tally.add([(m.media, m.span) for m in found.moments], q, marks[q.media])
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=LIBRARIES, default="tutorialvqa")
    parser.add_argument("--split", default="test")
    parser.add_argument("--count", type=int, default=400, help="questions drawn (seed 0) when there are more")
    parser.add_argument("--candidates", type=int, help="passages of a whole library that are weighed in full")
    parser.add_argument("--hours", action="store_true", help="join recordings to lectures of an hour")
    parser.add_argument("--home", type=Path, help="keep the library there between runs")
    options = parser.parse_args()
    embedder = default_embedder()
    weights = Weights() if options.candidates is None else Weights(candidates=options.candidates)
    timelines, questions = LIBRARIES[options.set]()
    if options.hours:
        timelines, questions = hours(timelines, questions)
    questions = [q for q in questions if q.split == options.split and q.answerable]
    if len(questions) > options.count:
        questions = random.Random(0).sample(questions, options.count)
    marks = {t.media.id: [s for s, _ in sentences(t.of_kind("transcript"))] for t in timelines}
    with tempfile.TemporaryDirectory() as folder, Store(options.home or Path(folder)) as store:
        fill(store, timelines, embedder)
        windows = Windows(timelines, embedder)
        rows = embedder.embed([q.text for q in questions])
        print(f"{options.set} {options.split}: {len(questions)} questions over {len(timelines)} recordings")
        for within in (False, True):
            tallies = {name: Tally() for name in ("BM25 60 s", "MiniLM 60 s", "equal RRF 60 s")}
            for q, vector in zip(questions, rows, strict=True):
                for name, ranked in windows.rank(q.text, vector, q.media if within else None).items():
                    tallies[name].add(ranked, q, marks[q.media])
            began = time.process_time()
            tallies["seehear words only"] = evaluate(store, None, questions, marks, within=within)
            tallies["seehear"] = evaluate(store, embedder, questions, marks, within=within, weights=weights)
            took = (time.process_time() - began) / (2 * len(questions))
            scope = "within the lecture" if within else "whole library"
            print(f"\n{scope:20}  lecture@1      hit@1      hit@5    start@1      iou@1")
            for name, tally in tallies.items():
                print(f"{name:20}  {tally.row()}")
            print(f"{took * 1000:.0f} CPU ms per question")


def default_embedder() -> Embedder:
    from seehear.backends.minilm import MiniLM

    return MiniLM()


if __name__ == "__main__":
    sys.exit(main())
