"""The numbers of a run: which there are, how each comes from those of its questions, how two runs compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from seehear.evaluate.paired import Compared, compare
from seehear.evaluate.scored import DIGITS, Scored

Unit = Literal["share", "seconds", "tokens", "count"]


@dataclass(frozen=True, slots=True)
class Number:
    """One number: `name` in JSON, `label` in tables, from the score `source` by `how`."""

    name: str
    label: str
    source: str
    how: Literal["mean", "median", "p90"] = "mean"
    unit: Unit = "share"
    compared: bool = True


def _found(where: str) -> tuple[Number, ...]:
    rows = [(f"moment@{k}", f"right moment at {k}") for k in (1, 5, 10)]
    rows += [("start@1", "first starts right (5 s)"), ("mrr", "MRR"), ("ndcg@10", "nDCG@10")]
    rows += [("iou", "temporal IoU of the first")]
    shares = tuple(Number(f"{where}.{name}", label, f"{where}.{name}") for name, label in rows)
    source = f"{where}.distance_s"
    return (
        *shares,
        Number(f"{source}.median", "distance of the first, median", source, "median", "seconds"),
        Number(f"{source}.p90", "distance of the first, 90th percentile", source, "p90", "seconds", compared=False),
    )


GROUPS: dict[str, tuple[Number, ...]] = {
    "library": (
        *(Number(f"library.lecture@{k}", f"right recording at {k}", f"library.lecture@{k}") for k in (1, 5, 10)),
        *_found("library"),
    ),
    "recording": _found("recording"),
    "refusal": (
        Number("refusal.right", "answered or refused rightly", "refusal.right"),
        Number("refusal.precision", "precision of refusals", "refusal.refused_rightly", compared=False),
        Number("refusal.recall", "recall of refusals", "refusal.unanswerable_refused"),
    ),
    "answer": (
        Number("answer.sentences_supported", "sentences held by their quotes", "answer.sentences_supported"),
        Number("answer.citations_right", "citations at a right place", "answer.citations_right"),
        Number("answer.f1", "token F1 with the reference", "answer.f1"),
        Number("answer.recall", "words of the reference held", "answer.recall"),
        Number("answer.similarity", "similarity to the reference", "answer.similarity"),
    ),
    "cost": (
        Number("cost.moments_s.median", "to the moments, median", "cost.moments_s", "median", "seconds"),
        Number("cost.first_word_s.median", "to the first word, median", "cost.first_word_s", "median", "seconds"),
        Number("cost.total_s.median", "to the end, median", "cost.total_s", "median", "seconds"),
        Number("cost.total_s.p90", "to the end, 90th percentile", "cost.total_s", "p90", "seconds", compared=False),
        Number("cost.tokens_read", "tokens read, mean", "cost.tokens_read", unit="tokens"),
        Number("cost.tokens_written", "tokens written, mean", "cost.tokens_written", unit="tokens"),
    ),
}
"""Every number, under the part of the work that it measures."""

NUMBERS = tuple(number for group in GROUPS.values() for number in group)


def summarise(rows: Sequence[Scored]) -> dict[str, float]:
    """The numbers over some questions; one that applies to none of them is missing."""
    found: dict[str, float] = {}
    for number in NUMBERS:
        values = [row.scores[number.source] for row in rows if number.source in row.scores]
        if values:
            found[number.name] = _HOW[number.how](values)
    # A long answer has more to be wrong in: sentences are counted, not averaged by answer.
    sentences = [sentence for row in rows for sentence in row.sentences]
    if sentences:
        found["answer.sentences_supported"] = sum(s.supported for s in sentences) / len(sentences)
        found["answer.sentences"] = float(len(sentences))
    found["questions"] = float(len(rows))
    return found


def compare_rows(first: Sequence[Scored], second: Sequence[Scored]) -> dict[str, Compared]:
    """Each number of two runs, over the questions to which it applies in both; rows are paired by their order."""
    found: dict[str, Compared] = {}
    for number in NUMBERS:
        if not number.compared:
            continue
        pairs = [
            (round(a.scores[number.source], DIGITS), round(b.scores[number.source], DIGITS))
            for a, b in zip(first, second, strict=True)
            if number.source in a.scores and number.source in b.scores
        ]
        compared = compare([a for a, _ in pairs], [b for _, b in pairs])
        if compared is not None:
            found[number.source] = compared
    return found


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _percentile(values: Sequence[float], share: float) -> float:
    """Linear between the two nearest ranks, as numpy does it."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


_HOW: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": _mean, "median": lambda v: _percentile(v, 0.5), "p90": lambda v: _percentile(v, 0.9),
}  # fmt: skip
