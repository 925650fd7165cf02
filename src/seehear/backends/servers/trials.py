"""The smallest requests that show what a model can do: one word, one second of noise, two tiny pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from seehear.backends import pieces
from seehear.backends.openai.chat import THINKING_TOKENS, Chat
from seehear.backends.protocols import Capability
from seehear.backends.servers import catalogue, prices
from seehear.backends.servers.client import Client, Server
from seehear.backends.servers.meter import Use
from seehear.backends.servers.probes import Probes
from seehear.backends.servers.sdk_errors import Reply
from seehear.errors import BackendError, InputError, SeehearError
from seehear.values import Audio

REPLY_S = 60.0
"""How long a trial waits for a reply: a server may have to load the model first."""
SIDE_PX = (32, 32)
_SCHEMA = {
    "type": "object", "properties": {"colour": {"type": "string"}}, "required": ["colour"],
    "additionalProperties": False,
}  # fmt: skip


def estimate(model: str, capability: Capability) -> Use:
    """What the trials of one capability take of a model, an upper estimate."""
    thinks = catalogue.facts(model).get("effort", "none") not in ("", "none")
    each = 30 + (THINKING_TOKENS if thinks else 0)
    if capability == "describe":
        pictures = 3 * prices.estimate_tokens_for_image(*SIDE_PX, model)
        return Use(model, pictures + 300, 2 * each, images=3, calls=2)
    if capability == "hear":
        return Use(model, audio_s=2.0, calls=2)
    return Use(model, 10) if capability == "embed" else Use(model, 200, each)


def run(server: Server, model: str, capability: Capability, *, probes: Probes) -> SeehearError | None:
    """Try a model for one capability and keep what is found out: the ability itself, and how it wants to be asked.

    For describing that is whether it takes several pictures at once and keeps to a JSON schema, for answering whether
    it takes sound, for hearing whether times come back. Returns what means that the server cannot be used now (key,
    credit, no answer), else None.
    """
    client = Client(server, tries=1, read_s=REPLY_S)
    try:
        found = succeeds(client, model, capability, probes)
        probes.learn(server.base_url, model, **{capability: found})
        if found and capability == "describe":
            _pictures_at_once(client, model, probes)
        elif found and capability == "answer":
            Chat(client, model, probes=probes).takes("sound")
        elif found and capability == "hear":
            probes.learn(server.base_url, model, word_times=_gives_times(client, model))
    except SeehearError as error:
        return error
    finally:
        client.close()
    return None


def succeeds(client: Client, model: str, capability: Capability, probes: Probes) -> bool:
    """Whether the smallest request of a kind is answered and not refused.

    Raises what means that the server cannot be used now.
    """
    with _refusals() as refused:
        if capability in ("describe", "answer"):
            words = {"type": "text", "text": "Name its colour." if capability == "describe" else "Say yes."}
            content: Any = [words, _tiny_picture()] if capability == "describe" else words["text"]
            Chat(client, model, probes=probes).complete(
                [{"role": "user", "content": content}], max_tokens=1, images=int(capability == "describe"),
                input_tokens=100,
            )  # fmt: skip
        elif capability == "embed":
            client.call(
                lambda sdk: sdk.embeddings.create(model=model, input=["one"], encoding_format="float").data[0],
                estimate=Use(model, 2),
            )
        else:
            _transcribed(client, model, "json")
    return not refused


def _pictures_at_once(client: Client, model: str, probes: Probes) -> None:
    content = [{"type": "text", "text": "Name their colour, as JSON."}, _tiny_picture(), _tiny_picture()]
    chat = Chat(client, model, probes=probes)
    with _refusals():
        # A model that takes one picture is known for it once it has refused two.
        chat.complete([{"role": "user", "content": content}], max_tokens=20, schema=_SCHEMA, images=2, input_tokens=200)
    probes.learn(client.server.base_url, model, habits=asdict(chat.habits))


def _gives_times(client: Client, model: str) -> bool:
    with _refusals():
        made = _transcribed(client, model, "verbose_json")
        # Noise has no words: a server that keeps to the protocol sends an empty list of them.
        return getattr(made, "words", None) is not None or getattr(made, "segments", None) is not None
    return False


def _transcribed(client: Client, model: str, format: str) -> Any:
    sound = pieces.encoded(_second_of_sound(), "wav")
    times = {"timestamp_granularities": ["word", "segment"]} if format == "verbose_json" else {}
    return client.call(
        lambda sdk: sdk.audio.transcriptions.create(
            model=model, file=("speech.wav", sound, "audio/wav"), response_format=format, **times
        ),
        estimate=Use(model, audio_s=1.0),
    )


@contextmanager
def _refusals() -> Iterator[list[Exception]]:
    """Collect what means that a server cannot do something; let pass what means that it cannot be used now."""
    refused: list[Exception] = []
    try:
        yield refused
    except (BackendError, InputError) as error:
        reply = error.__cause__
        # llama.cpp answers 500 to pictures that its model cannot see.
        if not (isinstance(reply, Reply) and reply.status in (400, 404, 405, 415, 422, 500, 501)):
            raise
        refused.append(error)


def _tiny_picture() -> dict[str, Any]:
    from PIL import Image

    kept = io.BytesIO()
    Image.new("RGB", SIDE_PX, (200, 30, 30)).save(kept, "PNG")
    picture = base64.b64encode(kept.getvalue()).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}}


def _second_of_sound() -> Audio:
    import numpy as np

    noise = np.random.default_rng(0).normal(0, 0.01, 16_000).astype(np.float32)
    return Audio(noise, 16_000)
