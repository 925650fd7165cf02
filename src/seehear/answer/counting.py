"""Counts what an answerer reads and writes, whoever it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

from seehear.backends.protocols import Answerer, Card, Message
from seehear.values import Tokens


class Timings(Protocol):
    """What a runtime says of its last reply."""

    @property
    def prompt_tokens(self) -> int: ...  # noqa: D102 - told above
    @property
    def reply_tokens(self) -> int: ...  # noqa: D102 - told above


@runtime_checkable
class Timed(Protocol):
    """An answerer that counts its own tokens; `timings` are those of the last reply, None before one ended."""

    timings: Timings | None


class Counting:
    """An answerer as it was, with the sum of the `tokens` of all its replies.

    Where it does not count its own, or a reply was cut off, `count_tokens` estimates.
    """

    def __init__(self, inner: Answerer) -> None:
        self._inner = inner
        self._read = self._written = 0
        self._exact = True

    @property
    def tokens(self) -> Tokens:
        """Read and written so far."""
        return Tokens(self._read, self._written, self._exact)

    @property
    def card(self) -> Card:
        """The card of the answerer inside."""
        return self._inner.card

    def start(self) -> None:
        """Begin to load ahead of the first reply."""
        self._inner.start()

    def stream(self, messages: Sequence[Message], *, max_tokens: int, **options: Any) -> Iterator[str]:
        """Yield pieces of the reply as they are written."""
        before = self._inner.timings if isinstance(self._inner, Timed) else None
        said: list[str] = []
        try:
            for piece in self._inner.stream(messages, max_tokens=max_tokens, **options):
                said.append(piece)
                yield piece
        finally:
            after = self._inner.timings if isinstance(self._inner, Timed) else None
            if after is not None and after is not before:
                self._read += after.prompt_tokens
                self._written += after.reply_tokens
            else:
                self._exact = False
                self._read += sum(self._inner.count_tokens(message.text) for message in messages)
                self._written += self._inner.count_tokens("".join(said))

    def count_tokens(self, text: str) -> int:
        """How many tokens of the context `text` takes."""
        return self._inner.count_tokens(text)

    def close(self) -> None:
        """Free what the answerer holds."""
        self._inner.close()
