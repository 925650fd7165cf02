"""Pinned model files: where they come from, what they must hash to, and where they lie on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from seehear.weights.fetch import Network
from seehear.weights.pins import OnProgress, Part, PullProgress, WeightFile, WeightSet, read_catalogue, sets
from seehear.weights.shelf import Shelf, Status

__all__ = [
    "OnProgress", "Part", "PullProgress", "Shelf", "Status", "WeightFile", "WeightSet", "folder", "locate", "pull",
    "read_catalogue", "remove", "resolve", "resolve_all", "sets", "shelf", "status", "verify",
]  # fmt: skip


def folder() -> Path:
    """Where weights lie: SEEHEAR_WEIGHTS, else the user's cache directory, shared by every copy of seehear."""
    if chosen := os.environ.get("SEEHEAR_WEIGHTS"):
        return Path(chosen).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("seehear", appauthor=False) / "weights"


_network = cache(Network)


def shelf() -> Shelf:
    """The user's own shelf: `folder()`, filled from `sets()`."""
    return Shelf(folder(), sets(), _network())


def resolve(name: str) -> WeightSet:
    """See `Shelf.resolve`."""
    return shelf().resolve(name)


def resolve_all(names: Iterable[str]) -> list[WeightSet]:
    """See `Shelf.resolve_all`."""
    return shelf().resolve_all(names)


def locate(name: str) -> Path:
    """See `Shelf.locate`."""
    return shelf().locate(name)


def pull(name: str, *, on_progress: OnProgress | None = None) -> Path:
    """See `Shelf.pull`."""
    return shelf().pull(name, on_progress=on_progress)


def status(name: str) -> Status:
    """See `Shelf.status`."""
    return shelf().status(name)


def verify(name: str) -> tuple[str, ...]:
    """See `Shelf.verify`."""
    return shelf().verify(name)


def remove(name: str) -> int:
    """See `Shelf.remove`."""
    return shelf().remove(name)
