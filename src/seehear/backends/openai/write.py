"""Answering with a chat model of OpenAI or of any compatible server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from seehear.backends.openai import attachments
from seehear.backends.openai.chat import Chat
from seehear.backends.protocols import Card, Kind, Message
from seehear.backends.servers import catalogue
from seehear.backends.servers.client import Client
from seehear.backends.servers.probes import Probes
from seehear.values import Frames

OWN_CONTEXT_TOKENS = 8192
"""What is assumed of a server that does not say how long its context is."""


class OpenAIAnswerer:
    """An answerer behind `/chat/completions`; `name` is what the user calls it."""

    def __init__(self, client: Client, model: str, *, name: str, probes: Probes | None = None) -> None:
        self._chat = Chat(client, model, probes=probes)
        self._probes = probes or Probes()
        self._name = name

    @property
    def card(self) -> Card:
        """What this backend is and can do."""
        server = self._chat.client.server
        known = int(catalogue.facts(self._chat.model).get("context_tokens", 0)) if server.kind == "openai" else 0
        probed = self._probes.get(server.base_url, self._chat.model).get("context_tokens", 0)
        return Card(
            name=self._name, capabilities=("answer",), runs="server" if server.is_here else "hosted", streams=True,
            images_per_request=0 if self._chat.known("picture") is False else self._chat.habits.images,
            takes_audio=self._chat.known("sound") is True,
            context_tokens=known or int(probed or OWN_CONTEXT_TOKENS), packages=("openai",),
        )  # fmt: skip

    def start(self) -> None:
        """Nothing has to be loaded here."""

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
        """Yield pieces of the reply as they arrive; closing the iterator closes the connection.

        Film that is attached goes as film where the server takes it, else as pictures with their times.

        Raises BudgetError before anything is sent, BackendUnavailableError when the server does not answer or the
        reply breaks off, BackendRefusedError or ConfigError when it says no.
        """
        turns, taken = [], attachments.Parts()
        for turn in messages:
            content, parts = self._content(turn)
            turns.append({"role": turn.role, "content": content})
            taken += parts
        yield from self._chat.stream(
            turns, max_tokens=max_tokens, input_tokens=taken.tokens + 8 * len(turns), images=taken.images,
            audio_s=taken.audio_s,
        )  # fmt: skip

    def _content(self, turn: Message) -> tuple[str | list[dict[str, Any]], attachments.Parts]:
        if not turn.attached:
            return turn.text, attachments.words(turn.text)
        films = any(isinstance(thing, Frames) for thing in turn.attached)
        as_film = films and self.takes("film")
        if films and not as_film:
            self._chat.client.log(
                f"{self._chat.model} on {self._chat.client.server.label} takes no film: sent as pictures in order"
            )
        parts = attachments.attached(
            turn.attached, model=self._chat.model, films=as_film, most_pictures=self._chat.habits.images
        ) + attachments.words(turn.text)
        return list(parts.parts), parts

    def takes(self, kind: Kind) -> bool:
        """Whether the model takes pictures, sound or film: known of OpenAI's, else tried once and remembered."""
        return self._chat.takes(kind)

    def count_tokens(self, text: str) -> int:
        """An upper estimate for any likely tokenizer."""
        return catalogue.text_tokens(text)

    def close(self) -> None:
        """Let the connections go; safe to call twice."""
        self._chat.client.close()
