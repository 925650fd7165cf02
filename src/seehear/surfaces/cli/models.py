"""`seehear models`: the weights of the embedded default."""

from __future__ import annotations

import click

from seehear.errors import WeightsError
from seehear.surfaces.cli.console import common, note, print_json, say, size
from seehear.surfaces.cli.progress import Live


@click.group(invoke_without_command=True, short_help="List, pull, verify and remove model weights.")
@click.pass_context
@common
def models(context: click.Context, as_json: bool, home: str | None) -> None:
    """Weights of the embedded models: pinned by hash, shared by every library on this machine.

    \b
    seehear models
    seehear models pull answer
    """
    if context.invoked_subcommand is None:
        _list(as_json)


def _list(as_json: bool) -> None:
    from seehear import weights

    rows = [
        {
            "name": s.name, "aliases": list(s.aliases), "role": s.role, "licence": s.licence,
            "size_bytes": s.size_bytes, "status": weights.status(s.name),
        }
        for s in weights.sets().values()
    ]  # fmt: skip
    if as_json:
        print_json({"folder": str(weights.folder()), "models": rows})
        return
    for row in rows:
        say(
            f"{row['name']:<22} {row['role']:<7} {size(float(str(row['size_bytes']))):>8}  {row['status']:<8} "
            f"{row['licence']}"
        )
    note(f"in {weights.folder()}")


@models.command(name="list", short_help="List models and what is here.")
@common
def list_(as_json: bool, home: str | None) -> None:
    """List models: name, role, size, status, licence."""
    _list(as_json)


@models.command(short_help="Fetch weights.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@common
def pull(names: tuple[str, ...], as_json: bool, home: str | None) -> None:
    """Fetch the weights NAME (a model, or a role: hear, search, answer) and check every byte."""
    from seehear import weights

    with Live(quiet=as_json) as live:
        done = {s.name: str(weights.pull(s.name, on_progress=live.pull)) for s in weights.resolve_all(names)}
    if as_json:
        print_json(done)
        return
    for name in done:
        say(f"{name} is here")


@models.command(short_help="Hash every file again.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@common
def verify(names: tuple[str, ...], as_json: bool, home: str | None) -> None:
    """Hash every file of NAME again (default: all that is here) and say which are wrong."""
    from seehear import weights

    chosen = weights.resolve_all(names) if names else [
        s for s in weights.sets().values() if weights.status(s.name) != "missing"
    ]  # fmt: skip
    wrong = {s.name: list(weights.verify(s.name)) for s in chosen}
    if as_json:
        print_json(wrong)
    else:
        for name, files in wrong.items():
            say(f"{name:<22} {'right' if not files else 'wrong: ' + ', '.join(files)}")
    bad = [name for name, files in wrong.items() if files]
    if bad:
        raise WeightsError(f"these weights are damaged: {', '.join(bad)}", hint=f"seehear models pull {' '.join(bad)}")


@models.command(short_help="Delete weights.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@common
def remove(names: tuple[str, ...], as_json: bool, home: str | None) -> None:
    """Delete the weights NAME from this machine."""
    from seehear import weights

    freed = {s.name: weights.remove(s.name) for s in weights.resolve_all(names)}
    if as_json:
        print_json(freed)
        return
    for name, count in freed.items():
        say(f"removed {name} ({size(count)})")
