"""Options that several commands share: which models work, where the data may go, what it may cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from seehear.errors import InputError
from seehear.spans import Span, parse_clock

F = TypeVar("F", bound=Callable[..., Any])
NO_END_S = 1e7
"""Later than any recording ends."""

_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "see": click.option("--see", metavar="NAME", help="Who describes pictures: auto, none, openai:…, ollama:…, URL#…"),
    "hear": click.option("--hear", metavar="NAME", help="Who transcribes: auto, whisper:base, openai:…, URL#…"),
    "embed": click.option("--embed", metavar="NAME", help="Who makes vectors: auto, minilm, e5, openai:…, ollama:…"),
    "rerank": click.option(
        "--rerank", metavar="NAME", help="Who puts the best moments in order: none, answer, hf:…, URL#…"
    ),
    "answer": click.option("--answer", metavar="NAME", help="Who writes: auto, extractive, llama:…, openai:…, URL#…"),
    "sample": click.option("--sample", metavar="HOW", help="Which frames: slides (default), scenes:0.3, uniform:10."),
    "captions": click.option(
        "--captions", type=click.Choice(["first", "never"]), help="Use captions that are there (first), or not."
    ),
    "language": click.option("--language", metavar="CODE", help="Spoken language, ISO 639-1 (default: detected)."),
    "local": click.option("--local", is_flag=True, default=None, help="Nothing may leave this machine."),
    "begin": click.option("--from", "begin", metavar="TIME", help="Only from here on: 90, 1:30 or 1:02:03."),
    "end": click.option("--to", "end", metavar="TIME", help="Only up to here."),
    "budget_usd": click.option("--budget", "budget_usd", type=float, metavar="USD", help="Most that models may cost."),
}


def choosing(*names: str) -> Callable[[F], F]:
    """Add the named options; the command gets them as keywords that `Library` takes."""

    def decorate(function: F) -> F:
        for name in reversed(names):
            function = _OPTIONS[name](function)
        return function

    return decorate


def stretch(begin: str | None, end: str | None) -> Span | None:
    """What `--from` and `--to` limit a command to, None where neither is given. Raises InputError."""
    if begin is None and end is None:
        return None
    start_s = 0.0 if begin is None else parse_clock(begin)
    end_s = NO_END_S if end is None else parse_clock(end)
    if end_s <= start_s:
        raise InputError(f"--to {end} does not lie after --from {begin or '0:00'}", hint="--from 10:00 --to 20:00")
    return Span(start_s, end_s)
