"""`seehear mcp`: the library for assistants, over stdio."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from seehear.config import ENVIRONMENT
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
        print_json({"mcpServers": {"seehear": _entry(home, settings, os.environ)}})
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


KEPT = {*ENVIRONMENT.values(), "SEEHEAR_CONFIG", "SEEHEAR_WEIGHTS"} - {"SEEHEAR_HOME"}
"""What of the environment is set for the assistant too; keys are not: its settings are no place for them."""
FOLDERS = {"SEEHEAR_CONFIG", "SEEHEAR_WEIGHTS"}


def _entry(home: str | None, settings: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """How an assistant, which knows nothing of this terminal, starts this program as it was started now."""
    home = home or environment.get("SEEHEAR_HOME")
    given = {"home": str(Path(home).expanduser().resolve()) if home else None, **settings}
    arguments: list[str] = []
    for name, value in given.items():
        option = "--" + name.removesuffix("_usd")
        if value is True:
            arguments.append(option)
        elif value is not None:
            arguments += [option, str(value)]
    entry: dict[str, Any] = {"command": sys.executable, "args": ["-m", "seehear", "mcp", *arguments]}
    kept = {name: environment[name] for name in sorted(KEPT) if environment.get(name)}
    if kept:
        entry["env"] = {n: str(Path(v).expanduser().resolve()) if n in FOLDERS else v for n, v in kept.items()}
    return entry
