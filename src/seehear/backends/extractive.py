"""The answer that is always there: the best evidence, quoted. No model, no waiting, nothing invented."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seehear.backends.protocols import Card, Message


class Extractive:
    """An answerer that quotes the first numbered excerpt it is handed, with its number."""

    @property
    def card(self) -> Card:
        """What this backend is and can do."""
        return Card(
            name="extractive",
            capabilities=("answer",),
            runs="here",
            streams=True,
            context_tokens=1_000_000,
            licence="Apache-2.0",
        )

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
        """Yield the first excerpts of the last message as quotations, at most about `max_tokens` words of them."""
        left = max_tokens
        text = messages[-1].text if messages else ""
        for line in text.splitlines():
            head, _, rest = line.partition("] ")
            if not (head.startswith("[") and head[1:].isdigit() and rest):
                continue
            words = rest.split()
            if left < len(words) and left < max_tokens:
                return
            yield f"{' '.join(words[:left])} {head}]\n"
            left -= len(words)

    def count_tokens(self, text: str) -> int:
        """Words stand for tokens."""
        return len(text.split())

    def start(self) -> None:
        """Nothing has to be loaded."""

    def close(self) -> None:
        """Nothing to let go."""
