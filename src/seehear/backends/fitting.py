"""Texts longer than a model takes: they are cut in halves, and their vector is the mean of the vectors of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from seehear.errors import SeehearError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def fitted(
    embed: Callable[[Sequence[str]], NDArray[np.float32]], texts: Sequence[str],
    *, is_too_long: Callable[[SeehearError], bool],
) -> NDArray[np.float32]:  # fmt: skip
    """One vector for each text, [N, D], of no certain length where a text had to be cut.

    `is_too_long` tells whether what `embed` failed with says that a text is too long; what else it raises is passed on,
    and so is its refusal of a text of one character.
    """
    import numpy as np

    try:
        return embed(texts)
    except SeehearError as error:
        if not is_too_long(error) or (len(texts) == 1 and len(texts[0]) < 2):
            raise
    if len(texts) > 1:
        middle = len(texts) // 2
        halves = (texts[:middle], texts[middle:])
        return np.concatenate([fitted(embed, half, is_too_long=is_too_long) for half in halves])
    parts = halved(texts[0])
    vectors = np.concatenate([fitted(embed, [part], is_too_long=is_too_long) for part in parts])
    return np.average(vectors, 0, [len(part) for part in parts])[np.newaxis].astype(np.float32)


def halved(text: str) -> tuple[str, str]:
    """The two halves of a text, cut between words where there are some."""
    middle = text.rfind(" ", 1, len(text) // 2 + 1)
    middle = middle if middle > len(text) // 4 else len(text) // 2
    return text[:middle], text[middle:]
