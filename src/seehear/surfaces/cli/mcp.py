"""`seehear mcp`: the library for assistants, over stdio."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from seehear.errors import MissingPackageError
from seehear.surfaces.cli.console import common, print_json
from seehear.surfaces.cli.options import choosing


@click.command(short_help="Open the library to assistants (MCP over stdio).")
@choosing("answer", "see", "hear", "embed", "rerank", "captions", "language", "local", "budget_usd")
@common
def mcp(as_json: bool, home: str | None, **settings: Any) -> None:
    """Serve the library over MCP on stdin and stdout, for an assistant that starts this command.

    `seehear serve` offers the same over HTTP, at /mcp. With --json it prints what to paste into an assistant's
    settings, other options included, and ends.

    \b
    seehear mcp --json
    """
    if as_json:
        print_json({"mcpServers": {"seehear": _entry(home, settings)}})
        return
    try:
        from seehear.surfaces.mcp import make_mcp
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"the package {error.name} is not installed", hint="pip install 'seehear[serve]'"
        ) from error
    from seehear.library import Library

    with Library(home, **settings) as library:
        make_mcp(library).run("stdio")


def _entry(home: str | None, settings: dict[str, Any]) -> dict[str, Any]:
    """How an assistant starts this program as it was started now, wherever that lies."""
    given = {"home": None if home is None else str(Path(home).resolve()), **settings}
    arguments: list[str] = []
    for name, value in given.items():
        option = "--" + name.removesuffix("_usd")
        if value is True:
            arguments.append(option)
        elif value is not None:
            arguments += [option, str(value)]
    return {"command": sys.executable, "args": ["-m", "seehear", "mcp", *arguments]}
