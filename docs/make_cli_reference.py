"""Write docs/cli.md from the commands themselves: python docs/make_cli_reference.py."""

from pathlib import Path

import click

from seehear.surfaces.cli.app import SECTIONS, cli

HERE = Path(__file__).parent


def pages(command: click.Command, parents: tuple[str, ...] = ("seehear",)) -> list[str]:
    """The help of a command and of all commands under it, as Markdown."""
    names = (*parents, command.name or "")
    context: click.Context | None = None
    for name in names[:-1]:
        # As under the real group: a command keeps the names of its help option from the first time it is shown.
        given = cli.context_settings["help_option_names"]
        context = click.Context(click.Group(name), info_name=name, parent=context, help_option_names=given)
    own = click.Context(command, info_name=names[-1], parent=context, max_content_width=100, terminal_width=100)
    found = [f"### `{' '.join(names)}`\n\n```text\n{command.get_help(own)}\n```"]
    if isinstance(command, click.Group):
        for sub in command.commands.values():
            found += pages(sub, names)
    return found


def reference() -> str:
    """The whole page."""
    blocks = ["# Commands", "Written from the commands by `python docs/make_cli_reference.py`."]
    for heading, names in SECTIONS.items():
        blocks.append(f"## {heading}")
        for name in names:
            command = cli.get_command(click.Context(cli), name)
            assert command is not None
            blocks += pages(command)
    return "\n\n".join(blocks) + "\n"


if __name__ == "__main__":
    (HERE / "cli.md").write_text(reference(), encoding="utf-8")
