"""What a reranker gains: how often the right moment comes first with and without it, within the recording.

    python bench/rerank.py NAME [--count 30]

NAME is what `seehear ask --rerank` takes: a cross-encoder (`hf:…`), a server's (`http://…/v1#…`), a language model as
judge (`llama:…`, `openai:…`). Questions are drawn (seed 0) from those that were tuned on, so that what is held out
stays unseen: `count` from each of the three sets of bench/retrieval.py.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from retrieval import SETS, default_embedder, fill
from seehear.backends import registry
from seehear.backends.protocols import Reranker
from seehear.backends.servers import discovery, names
from seehear.search import find
from seehear.search.route import read_question
from seehear.store import Store

SPLITS = {"tutorialvqa": ("dev",), "hf_course": ("train", "test"), "cs241": ("train", "test")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--home", type=Path, help="keep the libraries there between runs")
    options = parser.parse_args()
    embedder, reranker = default_embedder(), opened(options.name)
    print(f"{'set':12} questions  first without  first with  among five  gained  lost  seconds a question")
    with tempfile.TemporaryDirectory() as folder:
        for name, make in SETS.items():
            timelines, questions = make()
            questions = [q for q in questions if q.split in SPLITS[name] and q.answerable]
            questions = random.Random(0).sample(questions, min(options.count, len(questions)))
            plain = judged = five = gained = lost = 0
            took_s: list[float] = []
            with Store((options.home or Path(folder)) / name) as store:
                fill(store, timelines, embedder)
                for q in questions:
                    hits = {}
                    for who in (None, reranker):
                        began = time.perf_counter()
                        found = find(
                            store, embedder, read_question(q.text), query=q.text, media=[q.media], limit=5, reranker=who
                        )
                        took_s.append(time.perf_counter() - began)
                        hits[who] = [any(m.span.overlap_s(g) > 0 for g in q.spans) for m in found.moments]
                    first, then = hits[None][:1] == [True], hits[reranker][:1] == [True]
                    plain, judged, five = plain + first, judged + then, five + any(hits[None])
                    gained, lost = gained + (then and not first), lost + (first and not then)
            added_s = (sum(took_s[1::2]) - sum(took_s[::2])) / len(questions)
            n = len(questions)
            print(
                f"{name:12} {n:9}  {plain / n:13.3f}  {judged / n:10.3f}  {five / n:10.3f}  {gained:6}  {lost:4}  "
                f"{added_s:18.1f}",
                flush=True,
            )
    reranker.close()


def opened(name: str) -> Reranker:
    if names.is_server_name(name) and registry.judges(name):
        from seehear.backends.judge import Judge

        return Judge(discovery.open_named(name, "answer", environment=os.environ))
    if names.is_server_name(name):
        return discovery.open_named(name, "rerank", environment=os.environ)
    return registry.open_backend(name, "rerank")


if __name__ == "__main__":
    sys.exit(main())
