"""How long a search takes in a library of 100,000 passages, and a process from its start to the moments.

    python bench/search.py [--passages 100000] [--runs 30]

The passages are made of random words after Zipf's law, their vectors are random directions: only the time is of
interest. Printed with machine, date and commit; medians of wall and CPU time of one process.
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

from seehear.backends.protocols import Card
from seehear.search import search
from seehear.spans import Span
from seehear.store import Store
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


def fill(store: Store, count: int, random: np.random.Generator) -> list[str]:
    words = np.array([f"w{i:x}" for i in range(WORDS)])
    for number in range(count // PER_MEDIA):
        ids = np.minimum(random.zipf(1.25, (PER_MEDIA, UNITS, 12)), WORDS) - 1
        units, passages, members = [], [], []
        for p in range(PER_MEDIA):
            for u in range(UNITS):
                start = 40.0 * p + 6.0 * u
                units.append(Unit("transcript", Span(start, start + 6), " ".join(words[ids[p, u]])))
            said = " ".join(unit.text for unit in units[-UNITS:])
            passages.append(Passage("", p, Span(40.0 * p, 40.0 * p + 36), f"lecture {number}", said, ""))
            members.append(tuple(range(p * UNITS, p * UNITS + UNITS)))
        media = Media(f"{number:064x}", Path(f"{number}.mp4"), f"lecture {number}", "video", 40.0 * PER_MEDIA, 1)
        rows = random.standard_normal((len(units), DIMENSIONS)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        timeline = Timeline.build(media, [Event(Span(0, 1), "transcript", "x", "bench")])
        store.put_timeline(
            timeline, Cut(tuple(units), tuple(passages), tuple(members)), embedder="random", unit_vectors=rows
        )
    return list(words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--home", type=Path, help="keep the made-up library there between runs")
    options = parser.parse_args()
    random = np.random.default_rng(0)
    embedder = RandomEmbedder()
    with tempfile.TemporaryDirectory() as folder, Store(options.home or Path(folder)) as store:
        began = time.perf_counter()
        words = [f"w{i:x}" for i in range(WORDS)]
        if not store.media():
            fill(store, options.passages, random)
        sizes = store.sizes()
        took = time.perf_counter() - began
        print(f"{sizes.passages} passages, {sizes.database_bytes / 1e6:.0f} MB, made in {took:.0f} s")
        began = time.perf_counter()
        store.passage_vectors()
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
