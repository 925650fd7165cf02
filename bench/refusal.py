"""Set the threshold below which a question is refused, and print what it costs.

    python bench/refusal.py [--write]

Answerable: questions asked of the recording that answers them. Not answerable: the same questions asked of another
recording of the same course, and questions about other subjects. Fitted on the train split, reported on test.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

import numpy as np

from retrieval import ROOT, default_embedder, fill, hf_course, tutorialvqa
from seehear.search import find
from seehear.search.route import read_question
from seehear.store import Store

OUT = ROOT / "src" / "seehear" / "data" / "refusal.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"write {OUT.relative_to(ROOT)}")
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    embedder = default_embedder()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for make, count in ((hf_course, 100), (tutorialvqa, 120)):
            timelines, questions = make()
            pick = random.Random(3)
            with Store((options.home or Path(folder)) / make.__name__) as store:
                fill(store, timelines, embedder)
                ids = [t.media.id for t in timelines]
                for split in ("train", "test"):
                    some = [q for q in questions if q.split == split]
                    some = pick.sample(some, min(count, len(some)))
                    for q in some:
                        asked = [(q.media, q.answerable)]
                        # Tutorials of one program answer each other's questions; course videos hardly ever.
                        if make is hf_course and q.answerable:
                            asked.append((pick.choice([i for i in ids if not _twins(i, q.media)]), False))
                        for media, answerable in asked:
                            for use in (embedder, None):
                                found = find(store, use, read_question(q.text), query=q.text, media=[media], limit=1)
                                s = found.signal
                                rows.append((split, use is not None, answerable, s.cosine, s.coverage))
    table: dict[str, object] = {"command": "python bench/refusal.py --write", "threshold": 0.5}
    for vectors in (True, False):
        train = [r for r in rows if r[0] == "train" and r[1] == vectors]
        weights = _fit(np.array([[1.0, r[3] * vectors, r[4]] for r in train]), np.array([float(r[2]) for r in train]))
        table["vectors" if vectors else "words"] = dict(
            zip(("bias", "cosine", "coverage"), (round(float(w), 3) for w in weights), strict=True)
        )
        for split in ("train", "test"):
            some = [r for r in rows if r[0] == split and r[1] == vectors]
            z = np.array([[1.0, r[3] * vectors, r[4]] for r in some]) @ weights
            answerable, taken = np.array([r[2] for r in some]), z >= 0
            print(
                f"{'vectors' if vectors else 'words':8} {split:5}  answerable {answerable.sum():3}, refused "
                f"{(answerable & ~taken).sum():3}   not answerable {(~answerable).sum():3}, answered "
                f"{(~answerable & taken).sum():3}"
            )
    print(json.dumps(table, indent=2))
    if options.write:
        OUT.write_text(json.dumps(table, indent=2) + "\n")


def _twins(a: str, b: str) -> bool:
    return abs(int(a) - int(b)) <= 2 if a.isdigit() and b.isdigit() else a == b


def _fit(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Logistic regression by Newton's method, both classes weighing the same."""
    weight = np.where(y > 0, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    w = np.zeros(x.shape[1])
    ridge = np.diag([0.0, 0.02, 0.02])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ w))
        gradient = x.T @ (weight * (p - y)) / len(y) + ridge @ w * 0.1
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x / len(y) + ridge * 0.1 + 1e-6 * np.eye(len(w))
        w = w - np.linalg.solve(hessian, gradient)
    return w


if __name__ == "__main__":
    sys.exit(main())
