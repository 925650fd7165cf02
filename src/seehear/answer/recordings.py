"""The recordings that a question is asked of."""

from __future__ import annotations

from collections.abc import Sequence

from seehear.errors import NotFoundError
from seehear.store import MediaRow, Store


def rows_of(store: Store, media: Sequence[str] | None) -> tuple[MediaRow, ...]:
    """The recordings with these ids, each once, all of them where None. Raises NotFoundError when one is not there."""
    rows = store.media()
    if media is None:
        return tuple(rows)
    known = {row.id: row for row in rows}
    if missing := [one for one in media if one not in known]:
        raise NotFoundError(f"no media {missing[0][:12]} in this library", hint="seehear library lists what is")
    return tuple(known[one] for one in dict.fromkeys(media))
