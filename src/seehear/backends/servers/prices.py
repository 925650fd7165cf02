"""What calls cost, before they are made: dated prices, tokens of texts and pictures, and the quote for one media.

The numbers are in data/prices.json with their day and sources. A price that is not there is unknown, never zero.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from seehear.backends.protocols import Capability, Card
from seehear.spend import Counted

_SNAPSHOT = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{4})$")
_TOKEN_LIKE = re.compile(r"[A-Z]+(?![a-z])|[A-Za-z][a-z]*|[^\sA-Za-z]|\n+|[ \t]{2,}")

INSTRUCTION_TOKENS = 420
"""What each request for descriptions says besides its pictures."""
READ_TOKENS = 160
"""What is handed over with one picture: the text that was read on it."""
DESCRIPTION_TOKENS = 90
"""One picture's entry in a reply."""
ANSWER_TOKENS = (2600, 200)
"""Evidence and question in, answer out."""
RERANK_TOKENS = (1800, 24)
"""The ten best moments and the question in; where a language model judges, numbers out."""


@dataclass(frozen=True, slots=True)
class Price:
    """One model's price in USD: per million tokens in and out, or per minute of audio; `as_of` is its day."""

    model: str
    as_of: str
    input_usd: float = 0.0
    output_usd: float = 0.0
    minute_usd: float = 0.0

    def usd(self, *, input_tokens: int = 0, output_tokens: int = 0, audio_s: float = 0.0) -> float:
        """What so much costs in USD."""
        tokens = input_tokens * self.input_usd + output_tokens * self.output_usd
        return tokens / 1_000_000 + audio_s / 60 * self.minute_usd


@dataclass(frozen=True, slots=True)
class Quote:
    """What one capability would take for one media: `usd` None where the price is unknown, 0 where nobody charges.

    `seconds` is rough. `leaves` says what would leave this machine, empty when nothing does.
    """

    capability: Capability
    backend: str
    calls: int
    images: int
    input_tokens: int
    output_tokens: int
    audio_s: float
    usd: float | None
    seconds: float
    leaves: str
    as_of: str

    @property
    def minutes(self) -> float:
        """Minutes of audio."""
        return self.audio_s / 60

    def as_json(self) -> dict[str, Any]:
        """The documented JSON shape of a quote."""
        return {
            "capability": self.capability, "backend": self.backend, "calls": self.calls, "images": self.images,
            "input_tokens": self.input_tokens, "output_tokens": self.output_tokens,
            "audio_minutes": round(self.minutes, 2), "usd": None if self.usd is None else round(self.usd, 6),
            "seconds": round(self.seconds, 1), "leaves": self.leaves, "prices_as_of": self.as_of,
        }  # fmt: skip


@cache
def _data() -> dict[str, Any]:
    return dict(json.loads(files("seehear").joinpath("data/prices.json").read_text(encoding="utf-8")))


def as_of() -> str:
    """The day on which the prices were read."""
    return str(_data()["as_of"])


def price_of(model: str) -> Price | None:
    """The price of an OpenAI model, `openai:` before its name or not; a dated snapshot costs what its model does.

    None when it is not known.
    """
    row = _row(model)
    if row is None:
        return None
    usd = {name: float(row[name]) for name in ("input_usd", "output_usd", "minute_usd") if name in row}
    return Price(_bare(model), as_of(), **usd)


def cost_usd(used: Counted) -> float | None:
    """What a call cost in USD from what it took, None when the model's price is not known."""
    price = price_of(used.model)
    if price is None:
        return None
    return price.usd(input_tokens=used.input_tokens, output_tokens=used.output_tokens, audio_s=used.audio_s)


def estimate_tokens(text: str) -> int:
    """An upper estimate of a text's tokens, 5–40 % above the true count of common tokenizers for prose and code."""
    total = 0
    for piece in _TOKEN_LIKE.findall(text):
        if not piece[0].isascii():
            total += 1 if ord(piece) < 0x10000 else 2
        elif len(piece) > 1 and piece.isupper():
            total += (len(piece) + 1) // 2
        else:
            total += 1 + (len(piece) - 1) // 5 if piece[0].isalpha() else 1
    return total


def estimate_tokens_for_image(width_px: int, height_px: int, model: str) -> int:
    """Tokens that OpenAI counts for one picture at high detail; for an unknown model the most any known one would.

    Source: OpenAI, "Images and vision", section on calculating costs: patches of 32 px within a budget times a factor,
    or tiles of 512 px after fitting into 2048 px and scaling the shorter side down to 768 px.
    """
    row = _row(model)
    if row is None or "image" not in row:
        return max(_image_tokens(width_px, height_px, other["image"]) for other in _modest() if "image" in other)
    return _image_tokens(width_px, height_px, row["image"])


def _modest() -> list[dict[str, Any]]:
    # gpt-4o-mini counts a picture 33 times to charge as much as its larger brother: no measure for other models.
    return [row for row in _data()["models"].values() if row.get("image", {}).get("tile", [0])[0] < 1000]


def _image_tokens(width_px: int, height_px: int, rule: dict[str, list[float]]) -> int:
    width, height = max(1, width_px), max(1, height_px)
    if "tile" in rule:
        base, each = rule["tile"]
        scale = min(1.0, 2048 / max(width, height))
        scale *= min(1.0, 768 / (min(width, height) * scale))
        tiles = math.ceil(round(width * scale, 6) / 512) * math.ceil(round(height * scale, 6) / 512)
        return int(base + each * tiles)
    factor, budget, longest_px = rule["patch"]
    if longest_px and max(width, height) > longest_px:
        scale = longest_px / max(width, height)
        width, height = max(1, int(width * scale)), max(1, int(height * scale))
    patches = math.ceil(width / 32) * math.ceil(height / 32)
    if budget and patches > budget:
        shrink = math.sqrt(32 * 32 * budget / (width * height))
        across, down = width * shrink / 32, height * shrink / 32
        # Rounded down to whole patches on the tighter side; a strip narrower than one patch keeps that one.
        shrink *= min(max(1, math.floor(across)) / across, max(1, math.floor(down)) / down)
        patches = math.ceil(int(width * shrink) / 32) * math.ceil(int(height * shrink) / 32)
        patches = max(1, min(int(budget), patches))
    return math.ceil(patches * factor)


def quote(
    card: Card, capability: Capability, *, frames: int = 0, width_px: int = 0, height_px: int = 0,
    audio_s: float = 0.0, tokens: int = 0,
) -> Quote:  # fmt: skip
    """What one capability would take with the backend of `card`, before any call.

    `frames` pictures of the size in which they are sent; `audio_s` seconds of speech; `tokens` of text to embed, or of
    a question. A hosted backend whose model has no known price is quoted with `usd` None.
    """
    model = card.name
    calls = images = sent = written = 0
    heard_s = 0.0
    if capability == "describe":
        images = frames
        calls = math.ceil(frames / max(1, card.images_per_request))
        each = estimate_tokens_for_image(width_px, height_px, model) + READ_TOKENS
        sent, written = calls * INSTRUCTION_TOKENS + frames * each, frames * DESCRIPTION_TOKENS
    elif capability == "read":
        calls = images = frames
    elif capability == "hear":
        heard_s = audio_s
        # Where no times come back, audio goes in pieces of 20 s, so that each text has its place.
        calls = math.ceil(audio_s / (600 if card.word_times else 20))
    elif capability == "embed":
        calls, sent = math.ceil(tokens / 8000), tokens
    elif capability == "answer":
        calls, sent, written = 1, ANSWER_TOKENS[0] + tokens, ANSWER_TOKENS[1]
    elif capability == "rerank":
        calls, sent, written = 1, RERANK_TOKENS[0] + tokens, RERANK_TOKENS[1]
    usd: float | None = 0.0
    if card.runs == "hosted":
        price = price_of(model)
        usd = price.usd(input_tokens=sent, output_tokens=written, audio_s=heard_s) if price and calls else None
        usd = 0.0 if not calls else usd
    leaves = _leaves(card, capability, images, heard_s) if calls else ""
    return Quote(
        capability, card.name, calls, images, sent, written, heard_s, usd,
        _seconds(card, capability, images, heard_s, sent, calls), leaves, as_of(),
    )  # fmt: skip


def _seconds(card: Card, capability: Capability, images: int, heard_s: float, sent: int, calls: int) -> float:
    if capability == "answer" and card.runs == "here" and not card.weights:
        # Quoting takes no model.
        return 0.0
    speed: dict[str, float] = _data()["speed"][card.runs]
    each = {
        "read": ("read_picture_s", images), "describe": ("describe_picture_s", images),
        "hear": ("hear_second_s", heard_s), "embed": ("embed_token_s", sent), "answer": ("answer_call_s", calls),
        "rerank": ("answer_call_s", calls),
    }.get(capability)  # fmt: skip
    if each is None:
        return 0.0
    name, amount = each
    return speed.get(name, 0.0) * amount / min(speed["parallel"], max(1, calls))


def _leaves(card: Card, capability: Capability, images: int, heard_s: float) -> str:
    if card.runs != "hosted":
        return ""
    what = {
        "describe": f"{images} pictures and the text on them", "hear": f"{heard_s / 60:.1f} min of audio",
        "embed": "all text, said and shown", "answer": "the question and what was found for it",
        "rerank": "the question and the best moments",
    }  # fmt: skip
    return what.get(capability, "")


def _bare(model: str) -> str:
    return model.removeprefix("openai:")


def _row(model: str) -> dict[str, Any] | None:
    models: dict[str, dict[str, Any]] = _data()["models"]
    name = _bare(model)
    return models.get(name) or models.get(_SNAPSHOT.sub("", name))
