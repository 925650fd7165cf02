"""The group of all commands, and how errors end the program."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from seehear.errors import BugError, CancelledError, SeehearError
from seehear.surfaces.cli.console import note, plain, print_json

SECTIONS: dict[str, dict[str, str]] = {
    "Ask": {"ask": "ask.ask", "search": "search.search"},
    "Measure": {"eval": "eval.evaluate"},
    "Index": {
        "index": "index.index", "timeline": "timeline.timeline", "library": "library.library",
        "remove": "library.remove",
    },
    "One stage on its own": {
        "frames": "frames.frames", "transcribe": "transcribe.transcribe", "read": "read.read",
        "describe": "describe.describe", "generate": "generate.generate",
    },
    "For people and programs": {"serve": "serve.serve", "mcp": "mcp.mcp"},
    "This machine": {"models": "models.models", "backends": "doctor.backends", "doctor": "doctor.doctor"},
}  # fmt: skip
"""Commands under their headings, and where each is: one that runs does not wait for the others to be imported."""


class _ReaderGoneError(Exception):
    """Whoever read stdout went away; of no class that click takes for its own to end with."""


class Sections(click.Group):
    """A group that lists its commands under headings, and imports a command when it is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return [name for commands in SECTIONS.values() for name in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command, None where none is called so."""
        for commands in SECTIONS.values():
            if cmd_name in commands:
                module, _, attribute = commands[cmd_name].partition(".")
                found: click.Command = getattr(import_module(f"seehear.surfaces.cli.{module}"), attribute)
                return found
        return None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Raises what it raises, and _ReaderGoneError when nobody reads what it prints."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _ReaderGoneError from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one list per section."""
        for heading, names in SECTIONS.items():
            commands = ((name, self.get_command(ctx, name)) for name in names)
            with formatter.section(heading):
                formatter.write_dl([
                    (name, command.get_short_help_str(limit=formatter.width)) for name, command in commands if command
                ])  # fmt: skip


@click.group(cls=Sections, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="seehear")
def cli() -> None:
    """Ask your videos: answers with timestamps that are true.

    \b
    seehear ask lecture.mp4 "when are functions explained?"
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with the exit code of what happened (see `seehear.errors`)."""
    given = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        # A file name that is not Unicode must not end the program while it is printed.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run(given))


def _run(arguments: list[str]) -> int:
    try:
        # Outside standalone mode click hands the code of an early exit back instead of raising it.
        code = cli.main(args=arguments, standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.UsageError as error:
        error.show()
        if isinstance(error, click.NoSuchOption):
            _tell_of_dashes(arguments)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _fail(CancelledError("stopped; what was finished is kept", hint="run it again to go on"), arguments)
    except _ReaderGoneError:
        # Whoever read our output went away: nobody is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SeehearError as error:
        return _fail(error, arguments)
    except Exception as error:
        # The last net: a bug is reported as one, not as a traceback.
        if os.environ.get("SEEHEAR_DEBUG"):
            raise
        bug = BugError(
            f"this is a bug in seehear: {type(error).__name__}: {error}", hint="set SEEHEAR_DEBUG=1 and report"
        )
        return _fail(bug, arguments)


def _tell_of_dashes(arguments: list[str]) -> None:
    for given in arguments:
        if given.startswith("-") and os.path.exists(given):  # noqa: PTH110 - Path raises on a name that is too long
            note(f"  → a file whose name begins with a dash: ./{plain(given)}")


def _fail(error: SeehearError, arguments: list[str]) -> int:
    if "--json" in arguments:
        print_json({"error": error_shape(error)})
    note(f"seehear: {plain(error.message)}")
    if error.hint:
        note(f"  → {plain(error.hint)}")
    return error.exit_code


def error_shape(error: SeehearError) -> dict[str, Any]:
    """The documented JSON shape of an error."""
    return {
        "type": type(error).__name__, "message": error.message, "hint": error.hint, "exit_code": error.exit_code,
        "retryable": error.retryable,
    }  # fmt: skip
