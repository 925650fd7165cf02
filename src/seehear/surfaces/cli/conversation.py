"""A small conversation on a terminal: one question after the other, each read with those before it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence

import click

from seehear.errors import SeehearError
from seehear.surfaces.cli.console import note, plain
from seehear.surfaces.cli.why import print_why
from seehear.values import Answer, Turn

KEPT_TURNS = 8


def possible() -> bool:
    """Tell whether a person sits at both ends: without one a missing question is an error."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def converse(answer: Callable[[str, Sequence[Turn]], Answer]) -> None:
    """Ask for questions until Ctrl-D and print what `answer` says; `why` tells how the last answer came about.

    An error ends the question, not the conversation; Ctrl-C stops the answer that is being written.
    """
    # Importing it is what gives `input` a line that can be edited and the questions before it.
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401

    note('Ask away. "why?" goes deeper, `why` alone tells how the answer was found, Ctrl-D leaves.', dim=True)
    history: list[Turn] = []
    last: Answer | None = None
    while True:
        try:
            question = input("\n? ").strip()
        except EOFError:
            note("")
            return
        except KeyboardInterrupt:
            note("")
            continue
        if question in ("", "why"):
            if question and last is not None:
                print_why(last)
            continue
        if question in ("exit", "quit"):
            return
        try:
            last = answer(question, history)
        except (KeyboardInterrupt, click.Abort):
            note("\nstopped")
            continue
        except SeehearError as error:
            note(f"seehear: {plain(error.message)}" + (f"\n  → {plain(error.hint)}" if error.hint else ""))
            continue
        history = [*history, last.turn][-KEPT_TURNS:]
