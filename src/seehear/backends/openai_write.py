"""Answering with a chat model of OpenAI or of any compatible server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seehear.backends import catalogue
from seehear.backends.client import Client
from seehear.backends.openai_chat import Chat
from seehear.backends.probes import Probes
from seehear.backends.protocols import Card, Message

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
            context_tokens=known or int(probed or OWN_CONTEXT_TOKENS), packages=("openai",),
        )  # fmt: skip

    def start(self) -> None:
        """Nothing has to be loaded here."""

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
        """Yield pieces of the reply as they arrive; closing the iterator closes the connection.

        Raises BudgetError before anything is sent, BackendUnavailableError when the server does not answer or the
        reply breaks off, BackendRefusedError or ConfigError when it says no.
        """
        turns = [{"role": turn.role, "content": turn.text} for turn in messages]
        sent = sum(self.count_tokens(turn.text) + 8 for turn in messages)
        yield from self._chat.stream(turns, max_tokens=max_tokens, input_tokens=sent)

    def count_tokens(self, text: str) -> int:
        """An upper estimate for any likely tokenizer."""
        return catalogue.text_tokens(text)

    def close(self) -> None:
        """Let the connections go; safe to call twice."""
        self._chat.client.close()
