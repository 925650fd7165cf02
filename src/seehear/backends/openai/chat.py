"""Chat completions with one model on one server, asked as this server wants it; what it refuses is not sent twice."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Literal

from seehear.backends.openai import attachments
from seehear.backends.protocols import Kind
from seehear.backends.servers import catalogue
from seehear.backends.servers.client import Client, unreadable
from seehear.backends.servers.meter import Use
from seehear.backends.servers.probes import Probes
from seehear.backends.servers.sdk_errors import Reply, is_too_long
from seehear.errors import BackendError, BackendRefusedError, BackendUnavailableError, InputError, SeehearError

Format = Literal["json_schema", "json_object", "text"]
THINKING_TOKENS = 2000
"""Room beside the reply for a model that thinks first: its thoughts count against the limit of the reply."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How a server wants to be asked: pictures per request, structured output, and which fields it takes."""

    images: int = 8
    format: Format = "json_schema"
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: bool = True
    stream_usage: bool = True
    effort: str = ""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A whole reply; `refusal` is what the model or a filter said instead of answering, `cut` that the room ran out."""

    text: str
    refusal: str = ""
    cut: bool = False


class Chat:
    """A model that is talked to through `/chat/completions`.

    Known habits come from the data file for OpenAI's own models and from what was learnt before; the rest is learnt
    from refusals, reported through the client's log and kept in `probes`.
    """

    def __init__(self, client: Client, model: str, *, probes: Probes | None = None) -> None:
        self.client, self.model = client, model
        self._probes = probes or Probes()
        self._lock = threading.Lock()
        self._habits: Habits | None = None

    @property
    def habits(self) -> Habits:
        """How this model is asked, as far as is known now."""
        with self._lock:
            if self._habits is None:
                self._habits = self._known()
            return self._habits

    def known(self, kind: Kind) -> bool | None:
        """Whether the model takes things of a kind, None where its server must be asked."""
        if self.client.server.kind == "openai":
            facts = catalogue.facts(self.model)
            return {"picture": "describe" in facts.get("can", ()), "sound": bool(facts.get("sound"))}.get(kind, False)
        found = self._probes.get(self.client.server.base_url, self.model).get(kind)
        return found if isinstance(found, bool) else None

    def takes(self, kind: Kind) -> bool:
        """Whether the model takes pictures, sound or film: from the data file for OpenAI, else tried and remembered.

        Raises BackendUnavailableError when the server does not answer, BackendRefusedError for a wrong key.
        """
        server, known = self.client.server, self.known(kind)
        if known is not None:
            return known
        question = {"type": "text", "text": "Answer with one word: what is this?"}
        body = self._body(self.habits, [{"role": "user", "content": [question, attachments.tiny(kind)]}], 1, None)
        trial = Client(server, tries=1, log=self.client.log)
        taken = True
        try:
            trial.call(partial(_create, body), estimate=Use(self.model, 300))
        except (BackendError, InputError) as error:
            reply = error.__cause__
            # llama.cpp answers 500 to what its model cannot see or hear.
            if not (isinstance(reply, Reply) and reply.status in (400, 404, 405, 413, 415, 422, 500, 501)):
                raise
            taken = False
        finally:
            trial.close()
        self._probes.learn(server.base_url, self.model, **{kind: taken})
        return taken

    def complete(
        self, messages: Sequence[Mapping[str, Any]], *, max_tokens: int, schema: Mapping[str, Any] | None = None,
        images: int = 0, input_tokens: int = 0,
    ) -> Spoken:  # fmt: skip
        """The reply to messages that hold `images` pictures; `schema` is a JSON schema that the reply should follow.

        `input_tokens` is an upper estimate for the meter. Raises as `Client.call`; BackendRefusedError also when the
        server takes fewer pictures per request: `habits.images` tells how many then.
        """
        while True:
            habits = self.habits
            body = self._body(habits, messages, max_tokens, schema)
            estimate = Use(self.model, input_tokens, self._room(habits, max_tokens), images)
            try:
                made = self.client.call(
                    partial(_create, body), estimate=estimate, used=partial(_usage_or_estimate, estimate)
                )
            except BackendRefusedError as error:
                if not self._adapted(error, habits, schema is not None, images):
                    raise
            else:
                return self._spoken(made)

    def stream(
        self, messages: Sequence[Mapping[str, Any]], *, max_tokens: int, input_tokens: int = 0, images: int = 0,
        audio_s: float = 0.0,
    ) -> Iterator[str]:  # fmt: skip
        """Yield pieces of the reply to messages with `images` pictures; closing the iterator closes the connection.

        Raises as `Client.stream`, BackendUnavailableError when the reply ends before the model said that it was done,
        BackendRefusedError when the model refuses.
        """
        while True:
            habits = self.habits
            body = self._body(habits, messages, max_tokens, None) | {"stream": True}
            if habits.stream_usage:
                body["stream_options"] = {"include_usage": True}
            estimate = Use(self.model, input_tokens, self._room(habits, max_tokens), images, audio_s)
            pieces = self.client.stream(partial(_create, body), estimate=estimate, used=partial(_usage, estimate))
            try:
                yield from self._texts(pieces)
            except BackendRefusedError as error:
                if not self._adapted(error, habits, False, images):
                    raise
            else:
                return

    def _texts(self, pieces: Generator[Any, None, None]) -> Iterator[str]:
        ended, refused = False, ""
        try:
            for piece in pieces:
                for choice in getattr(piece, "choices", None) or ():
                    delta = getattr(choice, "delta", None)
                    if text := getattr(delta, "content", None):
                        yield str(text)
                    refused += str(getattr(delta, "refusal", None) or "")
                    finish = getattr(choice, "finish_reason", None)
                    ended = ended or bool(finish)
                    if finish == "content_filter":
                        refused = refused or "its content filter stopped the reply"
        finally:
            pieces.close()
        if refused:
            raise BackendRefusedError(f"{self.model} refused to answer: {refused[:200]}", hint="ask in other words")
        if not ended:
            raise BackendUnavailableError(
                f"the reply of {self.client.server.label} broke off before its end", hint="ask again"
            )

    def _known(self) -> Habits:
        facts = catalogue.facts(self.model)
        ours = self.client.server.kind == "openai"
        habits = Habits(limit="max_completion_tokens" if ours else "max_tokens")
        if ours:
            habits = replace(
                habits, images=int(facts.get("images", habits.images)), effort=str(facts.get("effort", "")),
                temperature=bool(facts.get("temperature", False)),
                format="json_schema" if facts.get("json_schema", True) else "json_object",
            )  # fmt: skip
        learnt = self._probes.get(self.client.server.base_url, self.model).get("habits", {})
        names = asdict(habits)
        fitting = {k: v for k, v in learnt.items() if k in names and type(v) is type(names[k])}
        return replace(habits, **fitting)

    def _room(self, habits: Habits, max_tokens: int) -> int:
        return max_tokens + (THINKING_TOKENS if habits.effort not in ("", "none") else 0)

    def _body(
        self, habits: Habits, messages: Sequence[Mapping[str, Any]], max_tokens: int, schema: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self.model, "messages": list(messages)}
        body[habits.limit] = self._room(habits, max_tokens)
        if habits.temperature:
            body["temperature"] = 0
        if habits.effort:
            body["reasoning_effort"] = habits.effort
        if schema is not None and habits.format == "json_schema":
            shape = {"name": "reply", "schema": dict(schema), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": shape}
        elif schema is not None and habits.format == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body

    def _adapted(self, error: SeehearError, asked: Habits, structured: bool, images: int) -> bool:
        """Learn from a refusal how to ask instead; False when there is nothing left to change."""
        reply = error.__cause__
        if not isinstance(reply, Reply) or reply.status not in (400, 422, 500, 501):
            return False
        with self._lock:
            if self._habits != asked:  # another call has learnt meanwhile: ask as it found out
                return images <= (self._habits or asked).images
            step = _next(asked, reply, structured, images, guess=self.client.server.kind != "openai")
            if step is None:
                return False
            self._habits, told = step
            learnt = self._habits
        self._probes.learn(self.client.server.base_url, self.model, habits=asdict(learnt))
        self.client.log(f"{self.model} on {self.client.server.label}: {told}")
        return images <= learnt.images

    def _spoken(self, made: Any) -> Spoken:
        try:
            choice = made.choices[0]
            message = choice.message
            text, refusal = message.content, getattr(message, "refusal", None)
        except (AttributeError, TypeError, IndexError, KeyError) as error:
            raise unreadable(self.client.server, "no chat completion") from error
        if isinstance(text, list):  # some gateways answer in parts
            text = "".join(str(part.get("text", "")) for part in text if isinstance(part, dict))
        if choice.finish_reason == "content_filter":
            refusal = refusal or "its content filter stopped the reply"
        return Spoken(str(text or ""), str(refusal or ""), choice.finish_reason == "length")


def _next(habits: Habits, reply: Reply, structured: bool, images: int, *, guess: bool) -> tuple[Habits, str] | None:
    """The next way to ask after a refusal, and what to tell of it: what the reply names, else the likeliest."""
    if is_too_long(reply.status, reply.said):
        return None  # it is how much was asked that is refused, not how
    said = f"{reply.param} {reply.said}".lower()
    other: Literal["max_tokens", "max_completion_tokens"] = (
        "max_completion_tokens" if habits.limit == "max_tokens" else "max_tokens"
    )
    simpler: dict[str, Format] = {"json_schema": "json_object", "json_object": "text"}
    steps: list[tuple[tuple[str, ...], bool, Habits, str]] = [
        (("max_tokens", "max_completion_tokens"), True, replace(habits, limit=other), f"asks for {other}"),
        (("temperature",), habits.temperature, replace(habits, temperature=False), "takes no temperature"),
        (("reasoning_effort", "reasoning"), bool(habits.effort), replace(habits, effort=""), "takes no effort"),
        (("stream_options",), habits.stream_usage, replace(habits, stream_usage=False), "counts no streamed tokens"),
        (
            ("response_format", "json_schema", "json_object", "schema", "grammar", "guided", "structured"),
            structured and habits.format != "text",
            replace(habits, format=simpler.get(habits.format, "text")),
            "takes no JSON schema; asked for JSON" if habits.format == "json_schema" else "takes no response format",
        ),
        (("image",), images > 1 and habits.images > 1, replace(habits, images=1), "takes one picture per request"),
    ]
    for words, applies, changed, told in steps:
        if applies and any(word in said for word in words):
            return changed, told
    if any(word in said for word in ("video", "audio")):
        return None  # it is what was attached that is refused, not how it was asked
    if guess and reply.status in (400, 422, 501):
        for words, applies, changed, told in reversed(steps):
            if applies and words[0] not in ("max_tokens", "stream_options"):
                return changed, told
    return None


def _create(body: Mapping[str, Any], sdk: Any) -> Any:
    return sdk.chat.completions.create(**body)


def _usage_or_estimate(estimate: Use, made: Any) -> Use:
    return _usage(estimate, made) or estimate


def _usage(estimate: Use, made: Any) -> Use | None:
    """What the server counted, None where it says nothing."""
    usage = getattr(made, "usage", None)
    sent, written = getattr(usage, "prompt_tokens", None), getattr(usage, "completion_tokens", None)
    if not isinstance(sent, int) or not isinstance(written, int):
        return None
    return replace(estimate, input_tokens=sent, output_tokens=written)
