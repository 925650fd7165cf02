"""`seehear mcp`: the library for assistants, over stdio."""

from __future__ import annotations

from typing import Any

import click

from seehear.errors import MissingPackageError
from seehear.surfaces.cli.options import choosing


@click.command(short_help="Open the library to assistants (MCP over stdio).")
@choosing("answer", "see", "hear", "embed", "captions", "language", "local", "budget_usd")
@click.option("--home", metavar="DIR", help="The library's folder (SEEHEAR_HOME).")
def mcp(home: str | None, **settings: Any) -> None:
    """Serve the library over MCP on stdin and stdout, for an assistant that starts this command.

    `seehear serve` offers the same over HTTP, at /mcp.

    \b
    seehear mcp
    """
    try:
        from seehear.surfaces.mcp import make_mcp
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"the package {error.name} is not installed", hint="pip install 'seehear[serve]'"
        ) from error
    from seehear.library import Library

    with Library(home, **settings) as library:
        make_mcp(library).run("stdio")
