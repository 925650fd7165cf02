"""`seehear ask`: a question, moments at once, then the written answer."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seehear.errors import InputError, NotFoundError
from seehear.surfaces.cli import conversation
from seehear.surfaces.cli.console import Placeholder, announce, common, flat, note, plain, print_json, say, wrapped
from seehear.surfaces.cli.options import choosing, stretch
from seehear.surfaces.cli.progress import Live
from seehear.surfaces.cli.why import print_why

if TYPE_CHECKING:
    from seehear.library import Library
    from seehear.spans import Span
    from seehear.values import Answer, Moment, Turn

SHOWN_MOMENTS = 5
TEXT_INDENT = 15
TEXT_LINES = 2


@click.command(short_help="Answer a question from recordings, with true timestamps.")
@click.argument("words", nargs=-1, metavar="[MEDIA]... [QUESTION]")
@choosing("begin", "end")
@click.option("--why", is_flag=True, help="Also tell how the answer came about.")
@choosing("answer", "see", "hear", "embed", "rerank", "captions", "language", "local", "budget_usd")
@common
def ask(
    words: Sequence[str],
    begin: str | None,
    end: str | None,
    why: bool,
    as_json: bool,
    home: str | None,
    **settings: Any,
) -> None:
    """Answer QUESTION from MEDIA: files, folders, ids or titles; from the whole library when none is given.

    What is not indexed yet is indexed first. Moments are printed at once, the written answer follows. Without a
    question, on a terminal, a conversation begins: each question is read with those before it.

    \b
    seehear ask lecture.mp4 "when are functions explained?"
    seehear ask lecture.mp4 "what is on the slides?" --from 1:00 --to 3:30
    seehear ask "which lecture mentions recursion?"
    seehear ask lecture.mp4
    """
    within = stretch(begin, end)
    media, question = _read(words, talking=not as_json and conversation.possible())
    from seehear.library import Library

    with Library(home, **settings) as library:
        announce(library, "answer", "embed", "rerank", media=media)
        with Live(quiet=as_json) as live:
            # Indexing first, so that its progress is gone from the screen when results come.
            ids = [library.resolve(m, on_progress=live.progress, on_pull=live.pull) for m in _flat(media)] or None
        if ids is not None and within is None and library.is_sound(ids):
            _tell_who_hears(library, ids)
        if as_json:
            assert question is not None
            found = library.ask(question, media=ids, within=within)
            told = {"why": found.why.as_json()} if why and found.why is not None else {}
            print_json({**found.as_json(), **told})
            return
        answer = functools.partial(_answer, library, ids, within, why=why)
        if question is None:
            conversation.converse(answer)
        else:
            answer(question, ())


def _tell_who_hears(library: Library, ids: Sequence[str]) -> None:
    """Say whether a model will hear the sound itself, and whether the sound leaves this machine for it."""
    hearer = library.hearer(ids)
    if hearer is None:
        note("no model here hears sound itself: the answer rests on what was said", dim=True)
    elif hearer.card.runs == "hosted":
        note(f"leaves this machine: the sound → {hearer.card.name}", fg="yellow")


def _read(words: Sequence[str], *, talking: bool) -> tuple[list[str], str | None]:
    """The media and the question; no question where a conversation is `talking`. Raises InputError, NotFoundError."""
    if not words:
        if talking:
            return [], None
        raise InputError("the question is missing", hint='seehear ask lecture.mp4 "when are functions explained?"')
    *media, question = words
    if (first := next((word for word in media if _is_question(word)), None)) is not None:
        files = " ".join(word for word in words if word != first)
        raise InputError("the question comes last", hint=f'seehear ask {files} "{first}"')
    with contextlib.suppress(OSError, ValueError):
        if Path(question).is_file() or (talking and Path(question).is_dir()):
            if talking:
                return list(words), None
            raise InputError(
                "the question is missing: the last word is a file", hint=f'seehear ask {question} "what is …?"'
            )
    if not media and len(question.split()) == 1 and Path(question).suffix and "?" not in question:
        raise NotFoundError(f"no such file: {question}", hint='seehear ask lecture.mp4 "your question"')
    return media, question


def _is_question(word: str) -> bool:
    """Tell a question from a pattern of files, which may hold a `?` too."""
    with contextlib.suppress(OSError, ValueError):
        return " " in word and word.rstrip().endswith("?") and not Path(word).exists()
    return False


def _answer(
    library: Library, ids: list[str] | None, within: Span | None, question: str, history: Sequence[Turn], *, why: bool
) -> Answer:
    """Print moments at once, the answer as it is checked, and who made it."""
    several = ids is None or len(ids) > 1
    placeholder = Placeholder("writing the answer …")

    def on_moments(moments: Sequence[Moment]) -> None:
        _print_moments(moments, several=several)
        placeholder.show()

    def on_text(piece: str) -> None:
        placeholder.clear()
        say(plain(piece), newline=False)

    try:
        found = library.ask(question, media=ids, within=within, history=history, on_moments=on_moments, on_text=on_text)
    finally:
        placeholder.clear()
    say()
    if why:
        print_why(found)
    _print_backends(found, stayed=not library.models.leaving("answer", "embed", "rerank"))
    return found


def _flat(media: Sequence[str]) -> list[str]:
    from seehear.media.source import find_media

    flat_list: list[str] = []
    for entry in media:
        flat_list += [str(path) for path in find_media([entry])] if Path(entry).is_dir() else [entry]
    return flat_list


def _print_moments(moments: Sequence[Moment], *, several: bool) -> None:
    for moment in moments[:SHOWN_MOMENTS]:
        print_moment(moment, several=several)
    if moments:
        say()


def print_moment(moment: Moment, *, several: bool) -> None:
    """Print one moment: its time, then what was said and what was on screen."""
    title = f"  {flat(moment.title, width=60)}" if several else ""
    say(f"{moment.clock:>7}", newline=False, bold=True, fg="cyan")
    rows = [("said", moment.said), ("shown", moment.shown)] if moment.said or moment.shown else []
    if not rows:
        rows = [("said" if moment.kind == "transcript" else "shown", moment.text)]
    if title:
        say(title)
    first = not title
    for label, text in rows:
        if not text:
            continue
        say("  " if first else " " * 9, newline=False)
        say(f"{label:<6}", newline=False, dim=True)
        say(wrapped(text, indent=TEXT_INDENT, lines=TEXT_LINES))
        first = False


def _print_backends(answer: Answer, *, stayed: bool) -> None:
    used = ", ".join(f"{part}: {name}" for part, name in answer.backends.items())
    note(f"({used}{'; nothing left this machine' if stayed else ''})", dim=True)
