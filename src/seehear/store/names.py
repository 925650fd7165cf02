"""Recordings by what people call them: an id, the beginning of one, a title, the name of a file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from seehear.errors import InputError, NotFoundError
from seehear.store.store import MediaRow

_ID = re.compile(r"[0-9a-f]{6,64}")


def named(rows: Sequence[MediaRow], name: str) -> MediaRow | None:
    """The one of these recordings that is called so, None where none is; raises InputError where several are."""
    wanted = name.casefold()
    if _ID.fullmatch(wanted):
        begun = [row for row in rows if row.id.startswith(wanted)]
        if len(begun) > 1:
            raise InputError(f"{name} is the beginning of {len(begun)} ids", hint="write more of it")
        if begun:
            return begun[0]
    called = [row for row in rows if wanted in (row.title.casefold(), row.path.name.casefold())]
    if len(called) > 1:
        raise InputError(f"{len(called)} recordings are called {name}", hint="use the id: seehear library")
    return called[0] if called else None


def row_of(rows: Sequence[MediaRow], name: str) -> MediaRow:
    """What `named` finds; raises NotFoundError where it finds none."""
    row = named(rows, name)
    if row is None:
        raise NotFoundError(f"{name[:12]} is not in the library", hint="seehear library lists what is")
    return row
