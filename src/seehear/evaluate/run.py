"""Asking every question once, with everything that is measured on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from seehear.backends.protocols import Embedder
from seehear.errors import InputError, NotFoundError
from seehear.evaluate.metrics import summarise
from seehear.evaluate.places import DEPTH
from seehear.evaluate.question import Question, drafts
from seehear.evaluate.scored import Scored, score
from seehear.values import Answer, Moment

VERSION = 1
OnAsked = Callable[[int, int, Question], None]


class Asker(Protocol):
    """What is evaluated: a library does it."""

    def ask(
        self, question: str, *, media: Sequence[str] | None = None,
        on_moments: Callable[[Sequence[Moment]], None] | None = None, on_text: Callable[[str], None] | None = None,
    ) -> Answer:  # fmt: skip
        """Answer a question from some recordings, by id, or from all."""
        ...

    def search(self, query: str, *, media: Sequence[str] | None = None, limit: int = 10) -> Sequence[Moment]:
        """Moments of some recordings, by id, or of all."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """All questions with their numbers, and what asked them: `settings` that matter, `backends` by capability."""

    rows: tuple[Scored, ...]
    scope: int
    settings: dict[str, str]
    backends: dict[str, str]
    seconds: float = 0.0

    @property
    def summary(self) -> dict[str, float]:
        """The numbers of `docs/evaluating.md` over all questions."""
        return summarise(self.rows)

    @property
    def kinds(self) -> dict[str, dict[str, float]]:
        """The same for each kind of question, in the order of their first question."""
        names = dict.fromkeys(row.question.kind or "other" for row in self.rows)
        return {name: summarise([row for row in self.rows if (row.question.kind or "other") == name]) for name in names}

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of a run, which `--against` reads back."""
        return {
            "version": VERSION, "questions": len(self.rows), "drafts": drafts([row.question for row in self.rows]),
            "recordings": self.scope, "seconds": round(self.seconds, 2), "settings": self.settings,
            "backends": self.backends, "summary": _rounded(self.summary),
            "kinds": {name: _rounded(numbers) for name, numbers in self.kinds.items()},
            "rows": [row.as_json() for row in self.rows],
        }  # fmt: skip


def run(
    asker: Asker,
    questions: Sequence[Question],
    *,
    identify: Callable[[str], str],
    scope: Sequence[str],
    embedder: Embedder | None,
    settings: dict[str, str],
    on_asked: OnAsked | None = None,
) -> Run:
    """Ask each question of its recording, and look for it in all of `scope` (ids) where that is more than one.

    `identify` turns a question's media into an id; questions whose recording is outside the scope are wrong input.
    `embedder` compares answers with references. Raises what asking raises.
    """
    began = time.perf_counter()
    known = set(scope)
    rows: list[Scored] = []
    backends: dict[str, str] = {}
    asked = _identified(questions, identify, known)
    for position, (question, media) in enumerate(asked, start=1):
        if on_asked is not None:
            on_asked(position, len(asked), question)
        if not rows:
            # What loads on first use is not what a question costs.
            asker.search(question.text, media=[media] if media else list(scope), limit=1)
        library = None
        if question.answerable and len(scope) > 1:
            library = asker.search(question.text, media=list(scope), limit=DEPTH)
        watch = _Watch()
        answer = asker.ask(
            question.text, media=[media] if media else list(scope), on_moments=watch.moments, on_text=watch.text
        )
        watch.stop()
        recording = None
        if question.answerable and question.spans:
            recording = _deeper(answer.moments, asker.search(question.text, media=[media], limit=2 * DEPTH))
        rows.append(score(question, media, answer, watch, library=library, recording=recording, embedder=embedder))
        backends = {**backends, **answer.backends}
    return Run(tuple(rows), len(scope), settings, backends, time.perf_counter() - began)


class _Watch:
    """Seconds since it was made, at the first moments, the first word and the end."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._moments_s: float | None = None
        self.first_word_s: float | None = None
        self.total_s = 0.0

    @property
    def moments_s(self) -> float:
        return self.total_s if self._moments_s is None else self._moments_s

    def moments(self, _: Sequence[Moment]) -> None:
        if self._moments_s is None:
            self._moments_s = time.perf_counter() - self._began

    def text(self, piece: str) -> None:
        if self.first_word_s is None and piece.strip():
            self.first_word_s = time.perf_counter() - self._began

    def stop(self) -> None:
        self.total_s = time.perf_counter() - self._began


def _identified(
    questions: Sequence[Question], identify: Callable[[str], str], known: set[str]
) -> list[tuple[Question, str]]:
    found: list[tuple[Question, str]] = []
    ids: dict[str, str] = {}
    for question in questions:
        if question.media and question.media not in ids:
            try:
                ids[question.media] = identify(question.media)
            except NotFoundError as error:
                raise NotFoundError(f"line {question.line}: {error.message}", hint=error.hint) from error
        media = ids.get(question.media, "")
        if media and media not in known:
            raise InputError(
                f"line {question.line}: {question.media} is not among the recordings that are searched",
                hint="name it with --in too, or leave --in out",
            )
        found.append((question, media))
    return found


def _deeper(moments: Sequence[Moment], more: Sequence[Moment]) -> list[Moment]:
    """What an answer shows first, then what a search finds besides: ten moments to look through."""
    shown = list(moments)
    for moment in more:
        if not any(m.media == moment.media and m.span.overlap_s(moment.span) > 0 for m in shown):
            shown.append(moment)
    return shown[:DEPTH]


def _rounded(numbers: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in numbers.items()}
