"""Reranking with a model of a server that has `/rerank` beside OpenAI's protocol: llama.cpp, vLLM, Infinity and others.

OpenAI itself has no such endpoint. The request and reply are those of Cohere and Jina, which these servers share.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seehear.backends.protocols import Card
from seehear.backends.servers import catalogue
from seehear.backends.servers.client import Client, unreadable
from seehear.backends.servers.meter import Use
from seehear.backends.servers.probes import Probes
from seehear.backends.servers.sdk_errors import says_too_long
from seehear.errors import SeehearError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONGEST = 4_000
"""Characters of one text that are sent at first, half as many after each refusal of a server that takes less."""
SHORTEST = 250
"""Characters of which half is not tried: where so few are too many, it is something else that is refused."""


class OpenAIReranker:
    """Scores of texts for a question through `/rerank`; `name` is what the user calls it."""

    def __init__(self, client: Client, model: str, *, name: str, probes: Probes | None = None) -> None:
        self._client, self._model, self._name = client, model, name
        self._longest = LONGEST

    @property
    def card(self) -> Card:
        """What this backend is and can do."""
        here = self._client.server.is_here
        return Card(
            name=self._name, capabilities=("rerank",), runs="server" if here else "hosted", packages=("openai",)
        )

    def rerank(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the scores that the server gives, float32 [N].

        Raises BudgetError, BackendUnavailableError, BackendRefusedError, ConfigError, and BackendError when the reply
        does not hold one finite score for each text.
        """
        import numpy as np

        if not texts:
            return np.zeros(0, np.float32)
        made: Any = None
        while made is None:
            try:
                made = self._asked(question, [text[: self._longest] for text in texts])
            except SeehearError as error:
                if not says_too_long(error) or self._longest <= SHORTEST:
                    raise
                self._longest //= 2
        try:
            found = {int(row["index"]): float(row["relevance_score"]) for row in made["results"]}
            scores = [found[i] for i in range(len(texts))]
        except (TypeError, KeyError, ValueError) as error:
            raise unreadable(self._client.server, "no score for each text") from error
        if not all(map(math.isfinite, scores)):
            raise unreadable(self._client.server, "scores that are no numbers")
        return np.asarray(scores, np.float32)

    def _asked(self, question: str, texts: Sequence[str]) -> Any:
        estimate = Use(self._model, sum(catalogue.text_tokens(text) for text in [question, *texts]))
        body = {"model": self._model, "query": question, "documents": texts, "top_n": len(texts)}
        return self._client.call(
            lambda sdk: sdk.post("/rerank", body=body, cast_to=object),
            estimate=estimate, used=lambda reply: _usage(reply, estimate),
        )  # fmt: skip

    def close(self) -> None:
        """Let the connections go; safe to call twice."""
        self._client.close()


def _usage(made: Any, estimate: Use) -> Use:
    usage = made.get("usage") if isinstance(made, dict) else None
    sent = usage.get("total_tokens") if isinstance(usage, dict) else None
    return Use(estimate.model, sent if isinstance(sent, int) else estimate.input_tokens)
