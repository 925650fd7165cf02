"""What is known of models ahead of asking their server: the dated data file, and nothing in code."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from seehear.backends.protocols import Capability

_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@cache
def _data() -> dict[str, Any]:
    return dict(json.loads(files("seehear").joinpath("data/models.json").read_text(encoding="utf-8")))


def as_of() -> str:
    """The day on which the data file was true."""
    return str(_data()["as_of"])


def choices(provider: str, capability: Capability | Literal["listen"]) -> tuple[str, ...]:
    """The models to prefer for one capability, best first; `provider` is openai or ollama.

    `listen` are chat models that take sound beside the question.
    """
    return tuple(_data()["choices"].get(provider, {}).get(capability, ()))


def facts(model: str) -> Mapping[str, Any]:
    """What the file says about a model, empty when it is unknown; a dated snapshot has the facts of its model."""
    models: dict[str, dict[str, Any]] = _data()["models"]
    return models.get(model) or models.get(_SNAPSHOT.sub("", model)) or {}


def can(model: str, capability: Capability) -> bool | None:
    """Whether the file says that a hosted model can do something; None when the file does not know the model."""
    known = facts(model)
    return capability in known.get("can", ()) if known else None


def language(name: str) -> str:
    """ISO 639-1 code of a language that a server calls by its English name, empty when it is not known."""
    return str(_data()["languages"].get(name.lower(), ""))


def first_offered(provider: str, capability: Capability | Literal["listen"], offered: Sequence[str]) -> str | None:
    """The first preferred model among those a server offers, None when it has none of them."""
    there = set(offered)
    return next((model for model in choices(provider, capability) if model in there), None)


def retired_on(model: str) -> str:
    """Month or day on which the model goes away (`2027-01`, `2027-01-15`), empty when nothing is announced."""
    return str(facts(model).get("retired_on", ""))


def is_retired(model: str, today: date) -> bool:
    """Tell whether the model's last day has passed, as far as the file knows."""
    end = retired_on(model)
    return bool(end) and today.isoformat()[: len(end)] > end


def text_tokens(text: str) -> int:
    """How many tokens a text takes in any tokenizer that is likely, an upper estimate: no tokenizer is loaded."""
    ascii_letters = sum(1 for character in text if character.isascii())
    others = len(text) - ascii_letters
    marks = len(re.findall(r"[^\w\s]|\d", text))
    return math.ceil(ascii_letters / 3.2 + others * 1.5 + marks * 0.5) + 1
