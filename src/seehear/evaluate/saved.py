"""A run that was saved as JSON, read back to compare with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from seehear.errors import InputError, LibraryVersionError, NotFoundError
from seehear.evaluate.question import Question
from seehear.evaluate.run import VERSION, Run
from seehear.evaluate.scored import Read, Scored
from seehear.spans import Span


def read_run(path: Path) -> Run:
    """Read what `seehear eval --json` or `-o` wrote.

    Raises NotFoundError, InputError when it is something else, LibraryVersionError when a newer seehear wrote it.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        version = int(data["version"])
        if version > VERSION:
            raise LibraryVersionError(
                f"{path} was written by a newer seehear (version {version})", hint="pip install --upgrade seehear"
            )
        rows = tuple(_scored(row) for row in data["rows"])
        return Run(
            rows, int(data["recordings"]), dict(data["settings"]), dict(data["backends"]), float(data["seconds"])
        )  # fmt: skip
    except FileNotFoundError as error:
        raise NotFoundError(f"no such saved run: {path}", hint="seehear eval questions.jsonl -o run.json") from error
    except (OSError, UnicodeDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path} is no saved run: {error}", hint="seehear eval questions.jsonl -o run.json") from error


def _scored(row: dict[str, Any]) -> Scored:
    spans = tuple(Span(float(a), float(b)) for a, b in row["spans"])
    question = Question(
        row["question"], row["media"], spans, row.get("answer", ""), bool(row["answerable"]), row.get("kind", ""),
        bool(row.get("draft", False)), int(row["line"]),
    )  # fmt: skip
    sentences = tuple(
        Read(s["text"], bool(s["supported"]), s["reason"], tuple(s["quotes"]), tuple(s["clocks"]))
        for s in row["sentences"]
    )
    scores = {str(name): float(value) for name, value in row["scores"].items()}
    return Scored(
        question, row["media"], row["answered"], bool(row["refused"]), row["first"], scores, sentences,
        bool(row["exact_tokens"]),
    )  # fmt: skip
