"""A question with its true places, one JSON object per line, as people write and correct them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seehear.errors import InputError, NotFoundError
from seehear.spans import Span, clock, parse_clock

MOST_SHOWN = 5
PAST_END_S = 5.0
"""By how much a place may outlast its recording: whoever marked it rounded, or had another cut of it."""
HINT = 'one object a line: {"question": "…", "media": "lecture.mp4", "spans": [[62.5, 80]]}; see docs/evaluating.md'


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the recording that answers it (path, title or id; empty: asked of everything) and where it does.

    `spans` holds every acceptable place; none when the material has no answer, or when the whole recording is it.
    `answer` is a reference answer, `kind` groups questions in the report, `draft` marks what nobody has read yet,
    `line` is where it stands in its file, from 1.
    """

    text: str
    media: str = ""
    spans: tuple[Span, ...] = ()
    answer: str = ""
    answerable: bool = True
    kind: str = ""
    draft: bool = False
    line: int = 0

    def as_json(self) -> dict[str, Any]:
        """The line of a file of questions."""
        row: dict[str, Any] = {"question": self.text}
        if self.media:
            row["media"] = self.media
        row["spans"] = [[round(s.start_s, 2), round(s.end_s, 2)] for s in self.spans]
        optional = {"answer": self.answer, "kind": self.kind, "draft": self.draft}
        return {**row, "answerable": self.answerable, **{name: value for name, value in optional.items() if value}}


def read_questions(path: Path) -> tuple[Question, ...]:
    """Read a file of questions; media are taken relative to the file where they are not to the working folder.

    Raises NotFoundError when there is no such file, InputError naming every line that is wrong.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NotFoundError(
            f"no such file of questions: {path}", hint="seehear eval --make MEDIA drafts one"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as UTF-8 text: {error}") from error
    questions: list[Question] = []
    wrong: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            questions.append(_question(line, number, path.parent))
        except InputError as error:
            wrong.append(f"line {number}: {error.message}")
    if wrong:
        more = f"; and {len(wrong) - MOST_SHOWN} more lines" if len(wrong) > MOST_SHOWN else ""
        raise InputError(f"{path}: {'; '.join(wrong[:MOST_SHOWN])}{more}", hint=HINT)
    if not questions:
        raise InputError(f"{path} holds no questions", hint=HINT)
    return tuple(questions)


def check_places(questions: Iterable[Question], lengths_s: Mapping[str, float]) -> None:
    """Check that every place lies within its recording; `lengths_s` are seconds by the `media` of questions.

    Raises InputError naming every line that is wrong.
    """
    wrong: list[str] = []
    for question in questions:
        length_s = lengths_s.get(question.media, 0.0)
        past = [s for s in question.spans if s.start_s >= length_s or s.end_s > length_s + PAST_END_S]
        if length_s > 0.0 and past:
            place = f"{clock(past[0].start_s)}–{clock(past[0].end_s)}"
            wrong.append(f"line {question.line}: {place} lies beyond the end of the recording, {clock(length_s)}")
    if wrong:
        more = f"; and {len(wrong) - MOST_SHOWN} more lines" if len(wrong) > MOST_SHOWN else ""
        raise InputError("; ".join(wrong[:MOST_SHOWN]) + more, hint='correct "spans": seconds, or "m:ss"')


def write_questions(questions: Iterable[Question]) -> str:
    """Questions as the text of a file, one per line."""
    return "".join(json.dumps(question.as_json(), ensure_ascii=False) + "\n" for question in questions)


def _question(line: str, number: int, folder: Path) -> Question:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON ({error.msg} at column {error.colno})") from error
    if not isinstance(row, dict):
        raise InputError("not a JSON object")
    text = _text(row, "question")
    if not text:
        raise InputError("the question is missing or empty")
    spans = _spans(row.get("spans"))
    answerable = row.get("answerable", True if spans else None)
    if answerable is None:
        raise InputError('say where the answer is ("spans") or that there is none ("answerable": false)')
    if not isinstance(answerable, bool) or not isinstance(row.get("draft", False), bool):
        raise InputError('"answerable" and "draft" are true or false')
    media = _text(row, "media")
    if spans and not answerable:
        raise InputError('it has "spans" and yet is not answerable')
    if answerable and not media:
        raise InputError('an answerable question names its "media"')
    return Question(
        text, _beside(media, folder), spans, _text(row, "answer"), answerable, _text(row, "kind"),
        row.get("draft", False), number,
    )  # fmt: skip


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError(f'"{name}" is no text: {json.dumps(value)[:40]}')
    return " ".join(value.split())


def _spans(value: Any) -> tuple[Span, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise InputError('"spans" is a list of [start, end], in seconds or as "m:ss"')
    return tuple(Span(_time_s(a), _time_s(b)) for a, b in value)


def _time_s(value: Any) -> float:
    if isinstance(value, str):
        return parse_clock(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise InputError(f'"spans" holds {json.dumps(value)[:40]}, which is no time')
    return float(value)


def _beside(media: str, folder: Path) -> str:
    if media and not Path(media).exists() and (folder / media).exists():
        return str(folder / media)
    return media


def drafts(questions: Sequence[Question]) -> int:
    """How many of them nobody has read yet."""
    return sum(question.draft for question in questions)
