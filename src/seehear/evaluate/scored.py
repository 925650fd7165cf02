"""What one question came to: its moments, its answer, and the numbers that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from seehear.answer.support import judge
from seehear.backends.protocols import Embedder
from seehear.evaluate import places
from seehear.evaluate.question import Question
from seehear.evaluate.token_f1 import bare, token_f1, token_recall
from seehear.values import Answer, Moment

DEPTHS = (1, 5, 10)
DIGITS = 6
"""Decimals that a saved run holds, and that runs are compared by."""


class Timed(Protocol):
    """Seconds that a question took: to its moments, to its first word, to its end."""

    @property
    def moments_s(self) -> float: ...  # noqa: D102 - told above
    @property
    def first_word_s(self) -> float | None: ...  # noqa: D102 - told above
    @property
    def total_s(self) -> float: ...  # noqa: D102 - told above


@dataclass(frozen=True, slots=True)
class Read:
    """A sentence of an answer as the rule read it; `reason` says what it rests on, or what is missing."""

    text: str
    supported: bool
    reason: str
    quotes: tuple[str, ...]
    clocks: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of a judged sentence."""
        return {
            "text": self.text, "supported": self.supported, "reason": self.reason, "quotes": list(self.quotes),
            "clocks": list(self.clocks),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scored:
    """One question with its numbers by name; a name that does not apply to it is missing."""

    question: Question
    media: str
    text: str
    refused: bool
    first: str
    scores: dict[str, float] = field(default_factory=dict)
    sentences: tuple[Read, ...] = ()
    exact_tokens: bool = True

    @property
    def key(self) -> tuple[str, str]:
        """What tells two questions apart, in every run of them."""
        return self.question.text, self.media

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of a question in a run."""
        return {
            **self.question.as_json(), "line": self.question.line, "media": self.media, "answered": self.text,
            "refused": self.refused, "first": self.first,
            "scores": {name: round(value, DIGITS) for name, value in self.scores.items()},
            "sentences": [sentence.as_json() for sentence in self.sentences], "exact_tokens": self.exact_tokens,
        }  # fmt: skip


def score(
    question: Question, media: str, answer: Answer, took: Timed, *, library: Sequence[Moment] | None,
    recording: Sequence[Moment] | None, embedder: Embedder | None,
) -> Scored:  # fmt: skip
    """Every number of one question.

    `media` is the id of the recording that answers it, `library` and `recording` are the moments found in everything
    that was searched and in that recording alone, None where nobody looked.
    """
    scores: dict[str, float] = {}
    if question.answerable and library is not None:
        for depth in DEPTHS:
            scores[f"library.lecture@{depth}"] = places.lecture_at(library, media, depth)
        if question.spans:
            scores |= _found("library", library, media, question)
    if question.answerable and question.spans and recording is not None:
        scores |= _found("recording", recording, media, question)
    refused = not answer.supported
    scores["refusal.right"] = float(refused != question.answerable)
    if refused:
        scores["refusal.refused_rightly"] = float(not question.answerable)
    if not question.answerable:
        scores["refusal.unanswerable_refused"] = float(refused)
    sentences = () if refused else _read(question, answer, embedder)
    if sentences:
        scores["answer.sentences_supported"] = sum(s.supported for s in sentences) / len(sentences)
    scores |= _answer(question, media, answer, embedder)
    scores["cost.moments_s"] = took.moments_s
    if took.first_word_s is not None:
        scores["cost.first_word_s"] = took.first_word_s
    scores["cost.total_s"] = took.total_s
    scores["cost.tokens_read"] = float(answer.tokens.read)
    scores["cost.tokens_written"] = float(answer.tokens.written)
    first = next((f"{m.title} {m.clock}" for m in recording or library or answer.moments), "")
    return Scored(question, media, answer.text, refused, first, scores, sentences, answer.tokens.exact)


def _found(where: str, moments: Sequence[Moment], media: str, question: Question) -> dict[str, float]:
    spans = question.spans
    scores = {f"{where}.moment@{k}": places.moment_at(moments, media, spans, k) for k in DEPTHS}
    scores[f"{where}.start@1"] = places.start_at_1(moments, media, spans)
    scores[f"{where}.mrr"] = places.reciprocal_rank(moments, media, spans)
    scores[f"{where}.ndcg@10"] = places.ndcg(moments, media, spans)
    scores[f"{where}.iou"] = places.iou(moments, media, spans)
    off_s = places.distance_s(moments, media, spans)
    if off_s is not None:
        scores[f"{where}.distance_s"] = off_s
    return scores


def _read(question: Question, answer: Answer, embedder: Embedder | None) -> tuple[Read, ...]:
    read = []
    for sentence in answer.sentences:
        quotes = tuple(citation.quote for citation in sentence.citations)
        found = judge(sentence.text, quotes, question=question.text, embedder=embedder)
        clocks = tuple(citation.as_json()["clock"] for citation in sentence.citations)
        read.append(Read(sentence.text, found.holds, found.reason, quotes, clocks))
    return tuple(read)


def _answer(question: Question, media: str, answer: Answer, embedder: Embedder | None) -> dict[str, float]:
    scores: dict[str, float] = {}
    answered = answer.supported and bool(answer.text.strip())
    if answered and question.answerable and question.spans and answer.citations:
        # A place may be cited a breath before or after it is opened.
        right = [
            c.media == media and any(c.span.overlap_s(span) > 0 or span.contains(c.span.start_s)
                                     for span in question.spans)
            for c in answer.citations
        ]  # fmt: skip
        scores["answer.citations_right"] = sum(right) / len(right)
    if question.answerable and question.answer:
        text = answer.text if answered else ""
        scores["answer.f1"] = token_f1(text, question.answer)
        scores["answer.recall"] = token_recall(text, question.answer)
        if embedder is not None:
            rows = embedder.embed([bare(text), question.answer]) if text else None
            scores["answer.similarity"] = max(0.0, float(rows[0] @ rows[1])) if rows is not None else 0.0
    return scores
