"""Where chapters begin and what they are called, against true chapters and against simpler ways.

    python bench/chapters.py [--time | --show NAME …]

Screencasts (tutorialvqa) have titled segments: their starts are the borders. Courses (hf_course, cs241) are joined from
whole videos without a pause to about an hour, in any order and in their own: the joins are the borders. Recordings
are split by a hash of their name: `tuned` was looked at while the weights were chosen, `held` was not.

Pk (Beeferman et al., 1999) and WindowDiff (Pevzner and Hearst, 2002) are shares of seconds at which a window of half a
true chapter is judged wrongly, 0 is best. F1@10 counts starts within 10 s of a true one, each once; the start of
the recording counts nowhere. Even and random cuts are told the true number. Titles are made for the true chapters.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from retrieval import DATA, SETS, _bounds, default_embedder
from seehear.answer.outline import FEWEST_CHAPTERS, chapters, topics
from seehear.answer.titles import titles
from seehear.backends.protocols import Card, Embedder
from seehear.search.passages import cut_up, texts_to_embed
from seehear.search.terms import STOP, content_stems, stem
from seehear.spans import Span, clock
from seehear.timeline import Timeline
from seehear.units import Cut, Unit
from seehear.values import Media

HALVES = ("tuned", "held")
HOUR_S = 3600.0
LEAST_S = 1800.0
ORDERS = 4
RANDOM_CUTS = 20
MOST_WORDS = 6


@dataclass(frozen=True)
class Recording:
    """What was said, with vectors, where its true chapters start (the first at 0), and their titles."""

    name: str
    timeline: Timeline
    made: Cut
    vectors: np.ndarray
    starts_s: tuple[float, ...]
    parts: tuple[tuple[int, ...], ...]
    called: tuple[tuple[str, ...], ...]

    @property
    def end_s(self) -> float:
        return self.timeline.media.duration_s


class Remembering:
    """An embedder that computes no vector twice."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, np.ndarray] = {}

    @property
    def card(self) -> Card:
        return self._embedder.card

    def close(self) -> None:
        self._embedder.close()

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._embedder.embed(new), strict=True) if new else ())
        return np.stack([self._known[text] for text in texts])


def half(name: str) -> str:
    return HALVES[sha256(name.encode()).digest()[0] % 2]


def screencasts(embedder: Embedder) -> list[Recording]:
    timelines, _ = SETS["tutorialvqa"]()
    videos = json.loads((DATA / "qa" / "tutorialvqa" / "videos.json").read_text())
    return [_screencast(timeline, video, embedder) for timeline, video in zip(timelines, videos, strict=True)]


def _screencast(timeline: Timeline, video: dict, embedder: Embedder) -> Recording:
    """Segments that start together are one chapter with several titles, any of which will do."""
    times_s = _bounds(video)
    ends_s: dict[float, float] = {}
    called: dict[float, list[str]] = {}
    for segment in video["segments"]:
        at = segment["sentence_indexes"]
        start_s = float(times_s[at["start"]])
        ends_s[start_s] = max(ends_s.get(start_s, 0.0), float(times_s[at["end"] + 1]))
        called.setdefault(start_s, []).append(segment["title"])
    made = cut_up(timeline)
    starts_s = sorted(ends_s)
    spans = [
        Span(a, max(a, min(ends_s[a], b))) for a, b in zip(starts_s, [*starts_s[1:], math.inf], strict=True)
    ]  # fmt: skip
    parts = [tuple(i for i, unit in enumerate(made.units) if span.contains(unit.span.start_s)) for span in spans]
    held = [k for k, part in enumerate(parts) if part]
    return Recording(
        timeline.media.id, timeline, made, embedder.embed(texts_to_embed(made)), tuple(sorted({0.0, *starts_s})),
        tuple(parts[k] for k in held), tuple(tuple(called[starts_s[k]]) for k in held),
    )  # fmt: skip


def courses(name: str, which: str, embedder: Embedder, *, shuffled: bool) -> list[Recording]:
    """Videos of one half joined to about an hour each, in several drawn orders or in the course's own."""
    timelines = [t for t in SETS[name]()[0] if half(t.media.id) == which]
    found: list[Recording] = []
    for seed in range(ORDERS if shuffled else 1):
        order = random.Random(seed).sample(timelines, len(timelines)) if shuffled else timelines
        group: list[Timeline] = []
        for timeline in order:
            group.append(timeline)
            if sum(t.media.duration_s for t in group) >= HOUR_S:
                found.append(joined(f"{name}-{which}-{seed if shuffled else 'own'}-{len(found)}", group, embedder))
                group = []
        if sum(t.media.duration_s for t in group) >= LEAST_S:
            found.append(joined(f"{name}-{which}-{seed if shuffled else 'own'}-{len(found)}", group, embedder))
    return found


def joined(name: str, timelines: Sequence[Timeline], embedder: Embedder) -> Recording:
    units: list[Unit] = []
    rows, starts_s, parts = [], [], []
    at_s = 0.0
    for timeline in timelines:
        made = cut_up(timeline)
        shift_s = at_s - made.units[0].span.start_s
        moved = [replace(u, span=Span(u.span.start_s + shift_s, u.span.end_s + shift_s)) for u in made.units]
        starts_s.append(at_s)
        parts.append(tuple(range(len(units), len(units) + len(moved))))
        rows.append(embedder.embed(texts_to_embed(made)))
        units += moved
        at_s = max(unit.span.end_s for unit in moved)
    whole = Timeline.build(Media(name, Path(name), name, "captions", at_s, 0), [])
    called = tuple((timeline.media.title,) for timeline in timelines)
    return Recording(name, whole, Cut(tuple(units), (), ()), np.vstack(rows), tuple(starts_s), tuple(parts), called)


# ---- borders


def pk_and_window_diff(true_s: Sequence[float], found_s: Sequence[float], end_s: float) -> tuple[float, float]:
    """Both over a grid of seconds, with a window of half the mean true chapter."""
    seconds = math.ceil(end_s) + 1
    counts = []
    for starts_s in (true_s, found_s):
        marks = np.zeros(seconds, int)
        np.add.at(marks, [min(seconds - 1, round(s)) for s in starts_s if s > 1.0], 1)
        counts.append(np.cumsum(marks))
    window = max(1, round(end_s / len(true_s) / 2))
    true, found = (c[window:] - c[:-window] for c in counts)
    return float(((true == 0) != (found == 0)).mean()), float((true != found).mean())


def met(true_s: Sequence[float], found_s: Sequence[float], within_s: float) -> int:
    """How many found starts lie near a true one, nearest pairs first, each used once."""
    pairs = sorted((abs(t - f), t, f) for t in true_s for f in found_s if t > 1 and f > 1 and abs(t - f) <= within_s)
    used: set[tuple[str, float]] = set()
    count = 0
    for _, t, f in pairs:
        if not used & {("true", t), ("found", f)}:
            used |= {("true", t), ("found", f)}
            count += 1
    return count


def seehear(recording: Recording) -> list[float]:
    return [topic.span.start_s for topic in topics(recording.timeline, recording.made, recording.vectors, None)]


def by_words(recording: Recording) -> list[float]:
    return [topic.span.start_s for topic in topics(recording.timeline, recording.made, None, None)]


def even(recording: Recording) -> list[float]:
    starts_s = [unit.span.start_s for unit in recording.made.units]
    count = len(recording.starts_s)
    return [0.0, *(min(starts_s, key=lambda s: abs(s - recording.end_s * k / count)) for k in range(1, count))]


def drawn(seed: int) -> Callable[[Recording], list[float]]:
    def cut(recording: Recording) -> list[float]:
        starts_s = [unit.span.start_s for unit in recording.made.units[1:]]
        count = min(len(recording.starts_s) - 1, len(starts_s))
        return [0.0, *sorted(random.Random(f"{seed} {recording.name}").sample(starts_s, count))]

    return cut


def text_tiling(recording: Recording, *, words: int = 20, blocks: int = 10) -> list[float]:
    """Hearst's TextTiling (1997) on words: blocks of token sequences, depth scores, its own cutoff."""
    tokens = [(s, u.span.start_s) for u in recording.made.units for s in content_stems(u.text)]
    rows = [Counter(s for s, _ in tokens[i : i + words]) for i in range(0, len(tokens), words)]
    if len(rows) < 3:
        return [0.0]
    scores = []
    for gap in range(1, len(rows)):
        size = min(blocks, gap, len(rows) - gap)
        before, after = sum(rows[gap - size : gap], Counter()), sum(rows[gap : gap + size], Counter())
        product = math.sqrt(sum(n * n for n in before.values()) * sum(n * n for n in after.values()))
        scores.append(sum(n * after[s] for s, n in before.items()) / product)
    smooth = [float(np.mean(scores[max(0, i - 1) : i + 2])) for i in range(len(scores))]
    depths = [_peak(smooth[i::-1]) + _peak(smooth[i:]) - 2 * smooth[i] for i in range(len(smooth))]
    cutoff = float(np.mean(depths) - np.std(depths) / 2)
    found: list[int] = []
    for i in sorted(range(len(depths)), key=lambda i: -depths[i]):
        if depths[i] > cutoff and all(abs(i - other) > 3 for other in found):
            found.append(i)
    starts_s = [u.span.start_s for u in recording.made.units]
    return [0.0, *sorted({min(starts_s, key=lambda s: abs(s - tokens[(i + 1) * words][1])) for i in found})]


def _peak(values: Sequence[float]) -> float:
    high = values[0]
    for value in values:
        if value < high:
            break
        high = value
    return high


def borders_row(recordings: Sequence[Recording], cut: Callable[[Recording], list[float]]) -> np.ndarray:
    """Pk, WindowDiff, precision, recall and F1 within 10 s, F1 within 5 s, chapters a recording."""
    errors = []
    total: Counter[str] = Counter()
    for recording in recordings:
        found_s = cut(recording)
        errors.append(pk_and_window_diff(recording.starts_s, found_s, recording.end_s))
        total["true"] += sum(s > 1 for s in recording.starts_s)
        total["found"] += sum(s > 1 for s in found_s)
        total["chapters"] += len(found_s)
        for within_s in (5, 10):
            total[f"met {within_s}"] += met(recording.starts_s, found_s, within_s)
    f1 = [2 * total[f"met {s}"] / max(1, total["true"] + total["found"]) for s in (10, 5)]
    shares = [total["met 10"] / max(1, total["found"]), total["met 10"] / max(1, total["true"]), *f1]
    return np.asarray([*np.mean(errors, axis=0), *shares, total["chapters"] / len(recordings)])


# ---- titles


def first_words(recording: Recording) -> list[str]:
    return [" ".join(recording.made.units[part[0]].text.split()[:4]) for part in recording.parts]


def rarest_phrase(recording: Recording) -> list[str]:
    """The run of up to four words with the largest sum of tf-idf that begins and ends with a content word."""
    texts = [" ".join(recording.made.units[i].text.lower() for i in part) for part in recording.parts]
    words = [re.findall(r"[^\W_]+", text) for text in texts]
    spread = Counter(w for some in words for w in set(some))
    found = []
    for some in words:
        counts = Counter(some)
        worth = {w: n * math.log((1 + len(words)) / spread[w]) for w, n in counts.items() if w not in STOP}
        runs = [some[i : i + size] for i in range(len(some)) for size in range(1, 5) if i + size <= len(some)]
        runs = [run for run in runs if run[0] in worth and run[-1] in worth]
        # Summed in one order, so that ties come out the same in every run.
        sums = [sum(worth.get(w, 0.0) for w in dict.fromkeys(run)) for run in runs]
        found.append(" ".join(runs[int(np.argmax(sums))] if runs else some[:4]))
    return found


def titles_row(recordings: Sequence[Recording], name: Callable[[Recording], list[str]], embedder: Embedder) -> list:
    """F1 of stems, cosine, and the share of titles with a flaw, over all chapters."""
    f1, cosines, flaws = [], [], []
    for recording in recordings:
        made = name(recording)
        for place, (title, true) in enumerate(zip(made, recording.called, strict=True)):
            f1.append(max(_overlap(title, other) for other in true))
            cosines.append(max(float(x) for x in embedder.embed(true) @ embedder.embed([title])[0]))
            flaws.append(flawed(title) or title.lower() in (other.lower() for other in made[:place]))
    return [float(np.mean(f1)), float(np.mean(cosines)), float(np.mean(flaws)), len(f1)]


def _overlap(a: str, b: str) -> float:
    one, two = ({stem(w) for w in re.findall(r"[^\W_]+", t.lower()) if w not in STOP} for t in (a, b))
    return 2 * len(one & two) / max(1, len(one) + len(two))


def flawed(title: str) -> bool:
    """What nobody would publish: longer than six words, two phrases, a half phrase, small at the beginning."""
    words = title.split()
    half_said = words[-1].lower() in STOP or words[0].lower() in STOP | {"gonna", "okay", "hello", "hi", "and"}
    small = title[:1].islower() and not re.search(r"[A-Z._]", words[0])
    return len(words) > MOST_WORDS or "," in title or half_said or small


# ---- the report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--time", action="store_true", help="CPU time for a recording of two hours instead")
    parser.add_argument("--show", nargs="+", metavar="NAME", help="print chapters, found and true, of these instead")
    options = parser.parse_args()
    embedder = Remembering(default_embedder())
    if options.time:
        measure_time(embedder)
        return
    sets = recordings_by_set(embedder)
    if options.show:
        for recording in {r.name: r for some in sets.values() for r in some if r.name in options.show}.values():
            show(recording, embedder)
        return
    report(sets, embedder)
    check_rules(embedder)


def recordings_by_set(embedder: Embedder) -> dict[tuple[str, str], list[Recording]]:
    single = screencasts(embedder)
    sets: dict[tuple[str, str], list[Recording]] = {}
    for which in HALVES:
        sets["screencasts", which] = [r for r in single if half(r.name) == which]
        for name in ("hf_course", "cs241"):
            sets[f"{name}, any order", which] = courses(name, which, embedder, shuffled=True)
            sets[f"{name}, own order", which] = courses(name, which, embedder, shuffled=False)
    return sets


def show(recording: Recording, embedder: Embedder) -> None:
    print(f"\n{recording.name}")
    made = topics(recording.timeline, recording.made, recording.vectors, embedder, fewest=FEWEST_CHAPTERS)
    for place, topic in enumerate(made):
        print(f"{clock(topic.span.start_s if place else 0.0)} {topic.title}")
    print("true:")
    for part, called in zip(recording.parts, recording.called, strict=True):
        print(f"{clock(recording.made.units[part[0]].span.start_s)} {' / '.join(called)}")


def report(sets: dict[tuple[str, str], list[Recording]], embedder: Embedder) -> None:
    for (name, which), recordings in sets.items():
        true = np.mean([len(r.starts_s) for r in recordings])
        print(f"\n{name}, {which}: {len(recordings)} recordings, {true:.1f} true chapters each")
        print(f"{'':22}     Pk  WinDiff  prec@10   rec@10    F1@10     F1@5  chapters")
        chance = np.mean([borders_row(recordings, drawn(seed)) for seed in range(RANDOM_CUTS)], axis=0)
        ways = {
            "no cuts": lambda _: [0.0],
            "even cuts": even,
            "TextTiling on words": text_tiling,
            "seehear, words alone": by_words,
            "seehear": seehear,
        }
        rows = {"random cuts": chance} | {way: borders_row(recordings, cut) for way, cut in ways.items()}
        for way, row in rows.items():
            print(f"{way:22}  " + "  ".join(f"{x:.3f}".rjust(7) for x in row[:-1]) + f"  {row[-1]:7.1f}")
    for which in HALVES:
        for name in ("screencasts", "hf_course, own order"):
            recordings = sets[name, which]
            print(f"\ntitles of {name}, {which}       F1  cosine  flawed  chapters")
            named = {
                "first four words": first_words,
                "tf-idf phrase": rarest_phrase,
                "seehear, words alone": lambda r: titles(r.made, r.parts, None, None),
                "seehear": lambda r: titles(r.made, r.parts, r.vectors, embedder),
            }
            for way, call in named.items():
                row = titles_row(recordings, call, embedder)
                print(f"{way:28}  {row[0]:.3f}   {row[1]:.3f}   {row[2]:.3f}  {row[3]}")


def check_rules(embedder: Embedder) -> None:
    """Whether video sites would take the chapters: from 0:00, three or more, none shorter than ten seconds."""
    for name, load in SETS.items():
        found = [chapters(timeline, embedder) for timeline in load()[0]]
        fit = [
            some[0].span.start_s == 0 and len(some) >= 3 and min(c.span.duration_s for c in some) >= 10
            for some in found
        ]  # fmt: skip
        print(f"\n{name}: chapters of {sum(fit)} of {len(fit)} recordings meet the rules of video sites")


def measure_time(embedder: Remembering) -> None:
    """CPU seconds for cutting, for cutting and naming, and for the vectors of the sentences, of two hours."""
    timelines = SETS["hf_course"]()[0]
    group: list[Timeline] = []
    while sum(t.media.duration_s for t in group) < 2 * HOUR_S:
        group.append(timelines[len(group)])
    began = time.process_time()
    recording = joined("two hours", group, embedder)
    sentences_s = time.process_time() - began
    took = []
    for with_titles in (False, True):
        began = time.process_time()
        found = topics(recording.timeline, recording.made, recording.vectors, embedder if with_titles else None)
        took.append(time.process_time() - began)
    print(f"{len(recording.made.units)} sentences, {len(found)} chapters: cut and named by words {took[0]:.2f} CPU s,")
    print(f"by meaning {took[1]:.2f}, vectors of phrases included; those of the sentences, kept when indexing,")
    print(f"take {sentences_s:.1f}")


if __name__ == "__main__":
    sys.exit(main())
