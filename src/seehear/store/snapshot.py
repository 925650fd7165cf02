"""Functions that search a library as it stands when they are called."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from seehear.store.store import Store

P = ParamSpec("P")
T = TypeVar("T")


def on_snapshot(work: Callable[Concatenate[Store, P], T]) -> Callable[Concatenate[Store, P], T]:
    """Let all that a function reads from the store it is given first fit together, whatever is written meanwhile."""

    @wraps(work)
    def reading(store: Store, /, *given: P.args, **named: P.kwargs) -> T:
        with store.read() as seen:
            return work(seen, *given, **named)

    return reading
