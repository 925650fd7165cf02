"""The example lecture's questions, with their answers' places turned into seconds of a rendering.

A place names what is said or shown there instead of a time, so that it stays true when the voice changes:
`{"slide": title}`, `{"build": first words}` (from its appearance to the end of its slide), `{"sentence": first words}`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seehear.spans import Span

QUESTIONS = Path(__file__).parent.parent / "examples" / "lecture" / "questions.jsonl"


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `spans` holds every acceptable place, none when the lecture does not answer it."""

    text: str
    kind: str
    answer: str
    answerable: bool
    spans: tuple[Span, ...]

    def is_met_by(self, time_s: float, *, within_s: float = 5.0) -> bool:
        """Tell whether a moment that starts at `time_s` is an acceptable place, give or take `within_s`."""
        return any(span.start_s - within_s <= time_s <= span.end_s + within_s for span in self.spans)


def load_questions(truth: dict[str, Any], path: Path = QUESTIONS) -> tuple[Question, ...]:
    """Read the questions and place them in the rendering whose truth (the JSON beside it) is given."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return tuple(
        Question(
            row["question"],
            row["kind"],
            row["answer"],
            row["answerable"],
            tuple(span for place in row["at"] for span in find(truth, place)),
        )
        for row in rows
    )


def find(truth: dict[str, Any], place: dict[str, str]) -> list[Span]:
    """The spans of one place. Raises ValueError unless exactly one thing in the lecture fits it."""
    ((kind, words),) = place.items()
    if kind == "slide":
        found = [Span(s["start_s"], s["end_s"]) for s in truth["slides"] if s["title"] == words]
    elif kind == "build":
        found = [
            Span(build["time_s"], slide["end_s"])
            for slide in truth["slides"]
            for build in slide["builds"]
            if build["text"].startswith(words)
        ]
    elif kind == "sentence":
        found = [Span(s["start_s"], s["end_s"]) for s in truth["sentences"] if s["text"].startswith(words)]
    else:
        raise ValueError(f"unknown kind of place: {kind}")
    if len(found) != 1:
        raise ValueError(f"{place} fits {len(found)} places, not one")
    return found
