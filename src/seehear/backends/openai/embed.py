"""Embedding with a model of OpenAI or of any compatible server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seehear.backends.fitting import fitted
from seehear.backends.protocols import Card
from seehear.backends.servers import catalogue
from seehear.backends.servers.client import Client, unreadable
from seehear.backends.servers.meter import Use
from seehear.backends.servers.probes import Probes
from seehear.backends.servers.sdk_errors import says_too_long

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH_TEXTS = 64
BATCH_TOKENS = 30_000
LONGEST = 16_000
"""Characters of one text that are embedded; OpenAI refuses texts above 8192 tokens."""


class OpenAIEmbedder:
    """Texts to unit vectors through `/embeddings`; `name` is what the user calls it."""

    def __init__(self, client: Client, model: str, *, name: str, probes: Probes | None = None) -> None:
        self._client, self._model, self._name = client, model, name
        self._probes = probes or Probes()
        self._dimensions = 0

    @property
    def card(self) -> Card:
        """What this backend is and can do; `dimensions` is asked of an unknown server, once, with a short text.

        Raises as `embed`.
        """
        server = self._client.server
        return Card(
            name=self._name, capabilities=("embed",), runs="server" if server.is_here else "hosted",
            dimensions=self._known_dimensions(), packages=("openai",),
        )  # fmt: skip

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 [N, D] with rows of length 1; a text that the server finds too long is the mean of its halves.

        Raises BudgetError, BackendUnavailableError, BackendRefusedError, ConfigError, and BackendError when the reply
        does not hold one vector for each text.
        """
        import numpy as np

        if not texts:
            return np.zeros((0, self._known_dimensions()), np.float32)
        parts = self._client.map(lambda batch: fitted(self._embed, batch, is_too_long=says_too_long), _batches(texts))
        vectors = np.concatenate(parts)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not (np.isfinite(lengths).all() and (lengths > 0).all()):
            raise unreadable(self._client.server, "vectors without direction")
        self._dimensions = vectors.shape[1]
        return np.asarray(vectors / lengths, np.float32)

    def close(self) -> None:
        """Let the connections go; safe to call twice."""
        self._client.close()

    def _known_dimensions(self) -> int:
        if not self._dimensions:
            server = self._client.server
            known = catalogue.facts(self._model).get("dimensions") if server.kind == "openai" else None
            known = known or self._probes.get(server.base_url, self._model).get("dimensions")
            self._dimensions = int(known or self._embed(["one"]).shape[1])
            self._probes.learn(server.base_url, self._model, dimensions=self._dimensions)
        return self._dimensions

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        # Only floats: many compatible servers know no base64, which the SDK would ask for by itself.
        estimate = Use(self._model, sum(catalogue.text_tokens(text) for text in texts))
        made = self._client.call(
            lambda sdk: sdk.embeddings.create(model=self._model, input=list(texts), encoding_format="float"),
            estimate=estimate,
            used=lambda made: _usage(made, estimate),
        )
        try:
            rows = sorted(made.data, key=lambda row: row.index)
            vectors = np.array([row.embedding for row in rows], np.float32)
        except (AttributeError, TypeError, ValueError) as error:
            raise unreadable(self._client.server, "no embeddings") from error
        if vectors.ndim != 2 or len(vectors) != len(texts):
            raise unreadable(self._client.server, f"{len(rows)} embeddings for {len(texts)} texts")
        return vectors


def _batches(texts: Sequence[str]) -> list[list[str]]:
    batches: list[list[str]] = []
    room = 0
    for text in texts:
        kept = text[:LONGEST].strip() or "-"  # the protocol refuses an empty text
        tokens = catalogue.text_tokens(kept)
        if not batches or len(batches[-1]) >= BATCH_TEXTS or tokens > room:
            batches.append([])
            room = BATCH_TOKENS
        batches[-1].append(kept)
        room -= tokens
    return batches


def _usage(made: Any, estimate: Use) -> Use:
    sent = getattr(getattr(made, "usage", None), "prompt_tokens", None)
    return Use(estimate.model, sent if isinstance(sent, int) else estimate.input_tokens)
