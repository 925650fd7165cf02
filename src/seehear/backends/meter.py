"""What a call takes and who may forbid it: estimates go in before a call, the server's own count after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Use:
    """What one call takes: tokens in (pictures and audio included) and out, pictures, seconds of audio sent."""

    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    images: int = 0
    audio_s: float = 0.0
    calls: int = 1

    def __add__(self, other: Use) -> Use:
        return Use(
            self.model, self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens,
            self.images + other.images, self.audio_s + other.audio_s, self.calls + other.calls,
        )  # fmt: skip

    def __sub__(self, other: Use) -> Use:
        return Use(
            self.model, self.input_tokens - other.input_tokens, self.output_tokens - other.output_tokens,
            self.images - other.images, self.audio_s - other.audio_s, self.calls - other.calls,
        )  # fmt: skip


class Meter(Protocol):
    """Keeps count of what is spent; called from several threads, never two at once for one client."""

    def check(self, estimate: Use) -> None:
        """Raise BudgetError when `estimate`, all calls under way included, would cost more than is left."""
        ...

    def add(self, used: Use) -> None:
        """Book what a finished call took."""
        ...


class Unmetered:
    """The meter of whoever pays nothing: it counts nothing and forbids nothing."""

    def check(self, estimate: Use) -> None:
        """Allow every call."""

    def add(self, used: Use) -> None:
        """Book nothing."""
