"""What an Ollama server has: its models, and what each of them can do, takes and runs on, by its own word."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seehear.backends.ollama_http import Client
from seehear.backends.protocols import Capability
from seehear.errors import BackendError

NEEDS: dict[str, str] = {"describe": "vision", "answer": "completion", "embed": "embedding"}
"""What Ollama calls the ability that a capability needs; what is missing here, it cannot do."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What an Ollama server tells about one of its models; `context_tokens` is 0 where it does not say.

    `abilities` are Ollama's words (`completion`, `vision`, `embedding`, `thinking`, …), `remote` says that the model
    runs on somebody else's computer although the local server answers for it.
    """

    name: str
    abilities: frozenset[str]
    context_tokens: int
    dimensions: int
    remote: bool
    vision: Mapping[str, int]

    def can(self, capability: Capability) -> bool:
        """Whether the server says that the model can do what a capability needs."""
        return NEEDS.get(capability) in self.abilities

    def picture_tokens(self, width_px: int, height_px: int) -> int:
        """An upper estimate of what one picture takes of the context, from the sizes in the model's own file."""
        facts = self.vision
        if "tokens_per_image" in facts:
            return facts["tokens_per_image"] + 8
        patch_px = max(1, facts.get("patch_size", 14))
        if "image_size" in facts and "spatial_merge_size" not in facts:
            tiles = 5 if "image_grid_pinpoints" in facts else 1
            return math.ceil(facts["image_size"] / patch_px) ** 2 * tiles + 8
        cell_px = patch_px * max(1, facts.get("spatial_merge_size", 2))
        return math.ceil(width_px / cell_px) * math.ceil(height_px / cell_px) + 8


def version(base_url: str, *, timeout_s: float = 0.5) -> str | None:
    """The version of the Ollama server there, None when none answers in time: for detection, never raises for that."""
    try:
        with Client(base_url, connect_s=timeout_s, read_s=timeout_s) as client:
            found = client.get("/api/version").get("version")
    except BackendError:
        return None
    return found if isinstance(found, str) else None


def models(base_url: str) -> list[str]:
    """The names, with tags, of the models that the server has. Raises BackendError, BackendUnavailableError."""
    with Client(base_url, read_s=10.0) as client:
        return names_of(client)


def show(base_url: str, model: str) -> Shown:
    """What the server tells about a model it has. Raises ConfigError, BackendError, BackendUnavailableError."""
    with Client(base_url, read_s=10.0) as client:
        return shown_by(client, model)


def surveyed(base_url: str, *, read_s: float = 10.0) -> list[Shown]:
    """What the server tells about each of its models. Raises BackendError, BackendUnavailableError."""
    with Client(base_url, read_s=read_s) as client:
        return [shown_by(client, name) for name in names_of(client)]


def first_able(
    base_url: str, capability: Capability, preferred: Sequence[str], *, elsewhere: bool = True,
    seen: dict[str, Any] | None = None,
) -> str | None:  # fmt: skip
    """The first of the `preferred` models, else of all, that can do something; None where none can.

    Models that run on this server go before those that only answer through it; with `elsewhere` False only they count.
    What was asked is kept in `seen`, so that nothing is asked twice. Raises BackendError, BackendUnavailableError.
    """
    seen = {} if seen is None else seen
    far: str | None = None
    with Client(base_url, read_s=10.0) as client:
        if "names" not in seen:
            seen["names"] = names_of(client)
        offered: list[str] = seen["names"]
        wanted = [match(model, offered) for model in preferred]
        for name in dict.fromkeys([*(model for model in wanted if model), *offered]):
            shown: Shown = seen.setdefault("shown", {}).get(name) or shown_by(client, name)
            seen["shown"][name] = shown
            if shown.can(capability) and not shown.remote:
                return name
            if shown.can(capability) and far is None:
                far = name
    return far if elsewhere else None


def match(wanted: str, offered: Sequence[str]) -> str | None:
    """The offered name that is meant: without a tag its `latest`, else any tag; None when there is none."""
    if wanted in offered:
        return wanted
    if ":" in wanted.rsplit("/", 1)[-1]:
        return None
    same = [name for name in offered if name.rsplit(":", 1)[0] == wanted]
    return f"{wanted}:latest" if f"{wanted}:latest" in same else next(iter(same), None)


def _runs_elsewhere(name: str, told: Mapping[str, Any]) -> bool:
    """Whether the server only passes on what is sent to this model, by its word or by Ollama's tag for such models."""
    tag = name.rsplit("/", 1)[-1].partition(":")[2]
    return bool(told.get("remote_host")) or tag == "cloud" or tag.endswith("-cloud")


def names_of(client: Client) -> list[str]:
    """The names, with tags, of the models that the server has. Raises BackendError, BackendUnavailableError."""
    rows = client.get("/api/tags").get("models")
    return [str(row["name"]) for row in rows or () if isinstance(row, dict) and row.get("name")]


def shown_by(client: Client, model: str) -> Shown:
    """What the server tells about a model. Raises ConfigError, BackendError, BackendUnavailableError."""
    told = client.post("/api/show", {"model": model})
    facts: dict[str, Any] = {**(told.get("projector_info") or {}), **(told.get("model_info") or {})}
    kind = str(facts.get("general.architecture", ""))
    vision = {
        key.rsplit(".", 1)[-1]: value if isinstance(value, int) else 1
        for key, value in facts.items()
        if ".vision." in key or key.endswith(".mm.tokens_per_image")
    }
    abilities = told.get("capabilities")
    if not isinstance(abilities, list):  # before version 0.6.4
        families = (told.get("details") or {}).get("families") or ()
        embeds = any(key.endswith(".pooling_type") for key in facts)
        abilities = ["embedding"] if embeds else ["completion"]
        abilities += ["vision"] if vision or {"clip", "mllama"} & set(families) else []
    return Shown(
        model, frozenset(map(str, abilities)), _number(facts, f"{kind}.context_length"),
        _number(facts, f"{kind}.embedding_length"), _runs_elsewhere(model, told), vision,
    )  # fmt: skip


def _number(facts: Mapping[str, Any], name: str) -> int:
    value = facts.get(name, 0)
    return value if isinstance(value, int) else 0
