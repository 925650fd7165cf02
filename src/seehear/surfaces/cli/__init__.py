"""The command line: `seehear COMMAND …`."""

from seehear.surfaces.cli.app import main

__all__ = ["main"]
