"""Set the threshold below which a question is refused, for each embedder, and print what it costs.

    python bench/refusal.py [--embed e5] [--write]

Answerable: questions asked of the recording that answers them. Not answerable: the same questions asked of another
recording of the same course, questions about other subjects, and questions near by: about the recording's own subject,
but not answered in it. Fitted on the questions that were tuned on; reported on those of
`bench/questions/held_out.jsonl`, and on the test split of tutorialvqa, which were not.

In a library more fits by chance. What every tenfold of the first hour counts against an answer (`tenfold`) is then
fitted on answerable questions and on those of `bench/questions/foreign.jsonl`, asked of whole libraries: each set and
all together. It is the one with the fewest wrong, and reported on questions that were not fitted on, as they are and
(`words`) with nothing left but the words that tell their topics, as in a search.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from retrieval import ROOT, Question, cs241, fill, hf_course, together, tutorialvqa
from seehear.answer.refusal import FEATURES, features, probability, tenfolds
from seehear.backends import registry
from seehear.backends.protocols import Embedder
from seehear.search import Signal, find
from seehear.search.route import read_question
from seehear.store import Store
from seehear.timeline import Timeline

NEAR = ROOT / "bench" / "questions" / "near.jsonl"
FOREIGN = ROOT / "bench" / "questions" / "foreign.jsonl"
OUT = ROOT / "src" / "seehear" / "data" / "refusal.json"


def rows_of(
    make: Callable[[], tuple[list[Timeline], list[Question]]], count: int, home: Path, embedder: Embedder
) -> list[Row]:
    timelines, questions = make()
    pick = random.Random(3)
    ids = [t.media.id for t in timelines]
    asked: list[tuple[str, str, str, str, bool]] = []
    for split in ("train", "test", "held"):
        some = [q for q in questions if q.split == split]
        told = "held" if split == "held" or (split == "test" and make is tutorialvqa) else "tuned"
        for q in pick.sample(some, min(count, len(some))):
            kind = "asked" if q.answerable else "near by" if q.kind == "near by" else "foreign"
            asked.append((told, kind, q.text, q.media, q.answerable))
            # Tutorials of one program answer each other's questions; course videos hardly ever.
            if make is not tutorialvqa and q.answerable and split != "held":
                other = pick.choice([i for i in ids if not _twins(i, q.media)])
                asked.append((told, "another video's", q.text, other, False))
    for line in NEAR.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["set"] == make.__name__:
            asked.append(("tuned", "near by", row["question"], row["media"], False))
    rows = []
    with Store(home / make.__name__) as store:
        fill(store, timelines, embedder)
        for split, kind, text, media, answerable in asked:
            for use in (None, embedder):
                found = find(store, use, read_question(text), query=text, media=[media], limit=1)
                rows += [
                    Row(split, kind, mode, answerable, found.signal, make.__name__, text)
                    for mode in _modes(use, found.signal)
                ]
    return rows


def libraries(home: Path, embedder: Embedder) -> list[Row]:
    """Answerable and foreign questions, asked of each set as a library and of all together."""
    foreign = [json.loads(line) for line in FOREIGN.read_text(encoding="utf-8").splitlines()]
    held = [q.text for make in (hf_course, cs241) for q in make()[1] if q.split == "held" and q.answerable]
    held += [q.text for q in random.Random(3).sample([q for q in tutorialvqa()[1] if q.split == "test"], 80)]
    rows = []
    for make in (hf_course, cs241, tutorialvqa, together):
        timelines, questions = make()
        splits = ("train", "test") if make is hf_course else ("train", "tuned")
        fitted = [q.text for q in questions if q.answerable and q.split in splits]
        asked = [("tuned", "asked", text, True) for text in random.Random(9).sample(fitted, min(100, len(fitted)))]
        asked += [("tuned", "foreign", row["question"], False) for row in foreign if row["split"] == "train"]
        if make is together:
            asked += [("held", "asked", text, True) for text in held]
            asked += [("held", "foreign", row["question"], False) for row in foreign if row["split"] == "held"]
            # As somebody who searches would type them.
            asked += [("words", kind, _words(text), right) for split, kind, text, right in asked if split == "held"]
        with Store(home / f"all-{make.__name__}") as store:
            fill(store, timelines, embedder)
            for split, kind, text, right in asked:
                for use in (None, embedder):
                    found = find(store, use, read_question(text), query=text, limit=1)
                    rows += [
                        Row(split, kind, mode, right, found.signal, make.__name__, text)
                        for mode in _modes(use, found.signal)
                    ]
    return rows


def _words(question: str) -> str:
    """What of a question tells its topic."""
    return read_question(question).terms.topic or question


def _modes(embedder: Embedder | None, signal: Signal) -> tuple[str, ...]:
    """By what a signal can be judged."""
    return ("words",) if embedder is None else ("vectors", "tokens") if signal.match else ("vectors",)


@dataclass(frozen=True)
class Row:
    split: str
    kind: str
    mode: str
    answerable: bool
    signal: Signal
    set: str
    text: str

    def features(self) -> list[float]:
        return [1.0, *features(self.signal, mode=self.mode).values()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"write {OUT.relative_to(ROOT)}")
    parser.add_argument("--embed", choices=("minilm", "e5"), default="minilm")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--dump", type=Path, help="keep the signals there, to compare features")
    options = parser.parse_args()
    embedder = registry.open_embedder(options.embed)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for make, count in ((hf_course, 100), (cs241, 100), (tutorialvqa, 80)):
            rows += rows_of(make, count, options.home or Path(folder), embedder)
        spread = libraries(options.home or Path(folder), embedder)
    table = json.loads(OUT.read_text(encoding="utf-8"))
    command = f"python bench/refusal.py --write{'' if options.embed == 'minilm' else ' --embed ' + options.embed}"
    mine = table.setdefault(options.embed, {})
    mine["command"] = command
    # Words alone are judged the same whoever compares meanings: theirs come from the run with MiniLM.
    judged = [mode for mode in dict.fromkeys(r.mode for r in rows) if mode != "words" or options.embed == "minilm"]
    for mode in judged:
        train = [r for r in rows if r.split == "tuned" and r.mode == mode]
        weights = _fit(np.array([r.features() for r in train]), np.array([float(r.answerable) for r in train]))
        told = dict(zip(("bias", *FEATURES[mode]), (round(float(w), 3) for w in weights), strict=True))
        (table if mode == "words" else mine)[mode] = told
        for split in ("tuned", "held"):
            for answerable in (True, False):
                some = [r for r in rows if (r.split, r.mode, r.answerable) == (split, mode, answerable)]
                _tell(mode, some, [float(np.array(r.features()) @ weights) >= 0 for r in some])
                if mode == "vectors" and options.embed != "minilm":
                    as_minilm = [probability(r.signal, embedder="minilm") >= 0.5 for r in some]
                    _tell("as minilm", some, as_minilm)
    _tell_libraries(table, mine, options.embed, spread)
    print(json.dumps(table, indent=2))
    if options.dump:
        options.dump.write_text(json.dumps([asdict(row) for row in rows]))
    if options.write:
        OUT.write_text(json.dumps(table, indent=2) + "\n")


def _tell_libraries(table: dict, mine: dict, embed: str, rows: list[Row]) -> None:
    """Fit what a library counts against an answer, for each mode, and print what it costs."""
    for mode in [mode for mode in dict.fromkeys(r.mode for r in rows) if mode != "words" or embed == "minilm"]:
        model = (table if mode == "words" else mine)[mode]
        model.pop("tenfold", None)
        some = [r for r in rows if r.mode == mode]
        base = {id(r): float(np.array(r.features()) @ np.array(list(model.values()))) for r in some}

        def wrong(tenfold: float, rows: Sequence[Row], base: dict[int, float] = base) -> list[Row]:
            return [r for r in rows if (base[id(r)] >= tenfold * tenfolds(r.signal.hours)) != r.answerable]

        def shares(tenfold: float, some: Sequence[Row] = some, wrong: Callable[..., list[Row]] = wrong) -> float:
            groups: dict[tuple[str, bool], list[Row]] = {}
            for r in some:
                if r.split == "tuned":
                    groups.setdefault((r.set, r.answerable), []).append(r)
            return sum(len(wrong(tenfold, group)) / len(group) for group in groups.values())

        tenfold = min(np.arange(0.0, 1.5, 0.05), key=lambda c: (round(shares(c), 6), c))
        model["tenfold"] = round(float(tenfold), 2)
        for split in ("tuned", "held", "words"):
            for right in (True, False):
                asked = [r for r in some if (r.split, r.answerable) == (split, right)]
                told = [f"{len(wrong(c, asked)):3} of {len(asked):3}" for c in (0.0, tenfold)]
                what = "answerable, refused" if right else "other subjects, answered"
                print(f"library {mode:8} {split:5} {what:25} without {told[0]}, with {model['tenfold']:.2f} {told[1]}")


def _tell(judged: str, rows: Sequence[Row], answered: Sequence[bool]) -> None:
    """Print how many of some questions of one split are judged wrongly, by kind."""
    answerable, split = rows[0].answerable, rows[0].split
    wrong = [r for r, yes in zip(rows, answered, strict=True) if yes != answerable]
    kinds = Counter(r.kind for r in rows)
    parts = ", ".join(f"{kind} {sum(w.kind == kind for w in wrong)} of {n}" for kind, n in kinds.items())
    what = "answerable, refused" if answerable else "not answerable, answered"
    print(f"{judged:9} {split:5} {what:25} {len(wrong):3} of {len(rows):3}  ({parts})")


def _twins(a: str, b: str) -> bool:
    return abs(int(a) - int(b)) <= 2 if a.isdigit() and b.isdigit() else a == b


def _fit(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Logistic regression by Newton's method, both classes weighing the same."""
    weight = np.where(y > 0, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    w = np.zeros(x.shape[1])
    ridge = np.diag([0.0] + [0.002] * (x.shape[1] - 1))
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ w))
        gradient = x.T @ (weight * (p - y)) / len(y) + ridge @ w * 0.1
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x / len(y) + ridge * 0.1 + 1e-6 * np.eye(len(w))
        w = w - np.linalg.solve(hessian, gradient)
    return w


if __name__ == "__main__":
    sys.exit(main())
