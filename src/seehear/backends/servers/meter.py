"""What a call takes and who may forbid it: estimates go in before a call, the server's own count after it."""

from __future__ import annotations

from typing import Protocol

from seehear.spend import Usage as Use

__all__ = ["Meter", "Unmetered", "Use"]


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
