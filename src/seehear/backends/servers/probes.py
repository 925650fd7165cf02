"""What was found out about servers by trying, kept per address and model so that nothing is tried twice."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

FRESH_S = 7 * 24 * 3600.0
"""A finding is believed this long: servers are updated and started with other models."""


class Probes:
    """Findings by address and model, in a JSON file beside the library; without a `path` only in memory.

    A file that cannot be read or written is as good as none: it is a cache.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._found: dict[str, dict[str, Any]] = {}
        self.offers: dict[str, Any] = {}
        """What servers offer, or the error they failed with, by address, while this object lives: both change often."""

    def survey(self, address: str) -> dict[str, Any]:
        """What was asked of the Ollama at an address so far, to be added to."""
        found: dict[str, Any] = self.offers.setdefault(f"ollama {address}", {})
        return found

    def get(self, base_url: str, model: str) -> dict[str, Any]:
        """All that is known of one model on one server, empty when nothing is."""
        with self._lock:
            kept = {**self._read(), **self._found}.get(f"{base_url}#{model}", {})
        return {name: value for name, value in kept.items() if name != "at"}

    def learn(self, base_url: str, model: str, **found: Any) -> None:
        """Add findings, JSON values by name, and keep them."""
        place = f"{base_url}#{model}"
        with self._lock:
            everything = {**self._read(), **self._found}
            self._found[place] = {**everything.get(place, {}), **found, "at": round(time.time())}
            if self._path is not None:
                self._write({**everything, place: self._found[place]})

    def _read(self) -> dict[str, dict[str, Any]]:
        if self._path is None:
            return {}
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        oldest = time.time() - FRESH_S
        if not isinstance(kept, dict):
            return {}
        return {
            place: value
            for place, value in kept.items()
            if isinstance(value, dict) and isinstance(value.get("at"), int) and value["at"] >= oldest
        }

    def _write(self, everything: dict[str, dict[str, Any]]) -> None:
        assert self._path is not None
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(everything, indent=1, sort_keys=True), encoding="utf-8")
            draft.replace(self._path)
        except OSError:
            draft.unlink(missing_ok=True)
