"""How long a search takes in a library of 100,000 passages, and a process from its start to the moments.

    python bench/search.py [--passages 100000] [--runs 30] [--real]

The passages are made of random words after Zipf's law, their vectors are random directions: only the time is of
interest. With `--real` they are made of sentences of the transcripts in ../shared/data in random order, with their
MiniLM vectors and those of their tokens, and searched with MiniLM, which remembers no tokens from one question to the
next: in a library of an older version, which kept none, all of them are computed when asked. Printed with machine,
date and commit; medians of wall and CPU time of one process.
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import retrieval
from seehear.backends.minilm import MiniLM
from seehear.backends.protocols import Card
from seehear.search import search
from seehear.search.passages import cut_up
from seehear.spans import Span
from seehear.store import Store
from seehear.store.tokens import pack
from seehear.timeline import Timeline
from seehear.units import Cut, Unit
from seehear.values import Event, Media, Passage

PER_MEDIA = 100
UNITS = 6
WORDS = 20000
DIMENSIONS = 384


class RandomEmbedder:
    """Directions drawn by the text, so that the same text has the same vector."""

    card = Card(name="random", capabilities=("embed",), runs="here", dimensions=DIMENSIONS)

    def embed(self, texts: list[str]) -> np.ndarray:
        rows = [np.random.default_rng(abs(hash(t)) % 2**32).standard_normal(DIMENSIONS) for t in texts]
        return np.stack([r / np.linalg.norm(r) for r in rows]).astype(np.float32)

    def close(self) -> None: ...


class Forgetful(MiniLM):
    """MiniLM that remembers no tokens: sentences stand many times in this library, in another each is new."""

    def _keep(self, text: str, made: object) -> None: ...


Sentences = tuple[list[str], np.ndarray, list[bytes]]


def real_sentences(embedder: MiniLM) -> tuple[Sentences, list[str]]:
    """Sentences of three sets with their vectors, and questions about them."""
    texts, questions = [], []
    for made in retrieval.SETS.values():
        timelines, asked = made()
        texts += [" ".join(unit.text.split()) for timeline in timelines for unit in cut_up(timeline).units]
        questions += [q.text for q in asked if q.answerable and q.split == "train"]
    texts = [text for text in dict.fromkeys(texts) if text]
    rows, tokens = embedder.embed_with_tokens(texts)
    return (texts, rows, [pack(found) for _, found in tokens]), questions


def fill(store: Store, count: int, random: np.random.Generator, real: Sentences | None = None) -> None:
    words = np.array([f"w{i:x}" for i in range(WORDS)])
    for number in range(count // PER_MEDIA):
        ids = np.minimum(random.zipf(1.25, (PER_MEDIA, UNITS, 12)), WORDS) - 1
        drawn = None if real is None else random.integers(0, len(real[0]), (PER_MEDIA, UNITS))
        units, passages, members = [], [], []
        for p in range(PER_MEDIA):
            for u in range(UNITS):
                start = 40.0 * p + 6.0 * u
                text = " ".join(words[ids[p, u]]) if real is None else real[0][drawn[p, u]]
                units.append(Unit("transcript", Span(start, start + 6), text))
            said = " ".join(unit.text for unit in units[-UNITS:])
            passages.append(Passage("", p, Span(40.0 * p, 40.0 * p + 36), f"lecture {number}", said, ""))
            members.append(tuple(range(p * UNITS, p * UNITS + UNITS)))
        media = Media(f"{number:064x}", Path(f"{number}.mp4"), f"lecture {number}", "video", 40.0 * PER_MEDIA, 1)
        if real is None:
            rows = random.standard_normal((len(units), DIMENSIONS)).astype(np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        else:
            rows = real[1][drawn.ravel()]
        name = "random" if real is None else "minilm"
        timeline = Timeline.build(media, [Event(Span(0, 1), "transcript", "x", "bench")])
        cut = Cut(tuple(units), tuple(passages), tuple(members))
        tokens = None if real is None else [real[2][i] for i in drawn.ravel()]
        store.put_timeline(timeline, cut, embedder=name, unit_vectors=rows, unit_tokens=tokens)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--home", type=Path, help="keep the made-up library there between runs")
    parser.add_argument("--real", action="store_true", help="sentences of real transcripts, searched with MiniLM")
    options = parser.parse_args()
    random = np.random.default_rng(0)
    embedder = Forgetful() if options.real else RandomEmbedder()
    real, questions = real_sentences(embedder) if options.real else (None, [])
    with tempfile.TemporaryDirectory() as folder, Store(options.home or Path(folder)) as store:
        began = time.perf_counter()
        words = [f"w{i:x}" for i in range(WORDS)]
        if not store.media():
            fill(store, options.passages, random, real)
        sizes = store.sizes()
        took = time.perf_counter() - began
        print(f"{sizes.passages} passages, {sizes.database_bytes / 1e6:.0f} MB, made in {took:.0f} s")
        began = time.perf_counter()
        store.vectors()
        print(f"vectors read in {time.perf_counter() - began:.2f} s")
        ids = [row.id for row in store.media()]
        for name, use, media in (
            ("words and vectors, whole library", embedder, None),
            ("words only, whole library", None, None),
            ("words and vectors, one media", embedder, ids[:1]),
            ("words and vectors, ten media", embedder, ids[:10]),
        ):
            times, cpu = [], []
            for _ in range(options.runs):
                # Two common words, one middling, one rare: a question's usual mix.
                places = [*random.integers(20, 200, 2), random.integers(200, 2000), random.integers(2000, WORDS)]
                query = " ".join(words[int(p)] for p in places)
                if questions:
                    query = questions[int(random.integers(len(questions)))]
                began, busy = time.perf_counter(), time.process_time()
                search(store, use, query, media=media)
                times.append(time.perf_counter() - began)
                cpu.append(time.process_time() - busy)
            wall_ms, cpu_ms = statistics.median(times) * 1000, statistics.median(cpu) * 1000
            print(f"{name:36} median {wall_ms:6.1f} ms wall, {cpu_ms:6.1f} CPU ms   worst {max(times) * 1000:6.1f} ms")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    head = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(head, capture_output=True, text=True, check=False).stdout.strip()
    machine = f"{platform.machine()} {platform.system()}, Python {platform.python_version()}"
    print(f"{machine}, {time.strftime('%Y-%m-%d')}, {commit}")


if __name__ == "__main__":
    sys.exit(main())
