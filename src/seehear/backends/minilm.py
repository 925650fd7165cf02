"""Sentence vectors from all-MiniLM-L6-v2 through onnxruntime: mean of the last layer, 384 dimensions, length 1.

The pooling is that of Reimers and Gurevych, "Sentence-BERT" (2019); docs/weights.md has the measurements.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from seehear import weights
from seehear.backends.batches import groups, padded, pooled, unit
from seehear.backends.onnx import onnx_errors
from seehear.backends.protocols import Card
from seehear.errors import BackendError, InputError, MissingPackageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Tokens = tuple[tuple[str, ...], NDArray[np.float32]]

DIMENSIONS = 384
MAX_TOKENS = 256
"""Longer texts are cut here, as the publisher's own configuration does."""
TOKENS_KEPT = 40_000
"""Tokens whose vectors are remembered, 1.5 kB each: some 2,000 sentences."""


class MiniLM:
    """Embeds texts; `threads` ≥ 1, the model loads on first use. A text's vector does not depend on its neighbours."""

    def __init__(self, *, threads: int = 1) -> None:
        if threads < 1:
            raise InputError(f"an embedder needs at least one thread, got {threads}")
        self._threads = threads
        self._model: tuple[Any, Any] | None = None
        self._lock = threading.Lock()
        self._tokens: OrderedDict[str, Tokens] = OrderedDict()
        self._kept = 0
        self.card = Card(
            name="minilm", capabilities=("embed",), runs="here", dimensions=DIMENSIONS, context_tokens=MAX_TOKENS,
            languages=("en",), weights=("minilm",), packages=("onnxruntime", "tokenizers"), licence="Apache-2.0",
        )  # fmt: skip

    def close(self) -> None:
        """Free the model; safe to call twice."""
        with self._lock:
            self._model = None
            self._tokens.clear()
            self._kept = 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 [N, 384], rows of length 1, equal to 1e-5 however texts are grouped.

        Raises WeightsError when the model is not on this machine, MissingPackageError, BackendError.
        """
        import numpy as np

        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        if not texts:
            return vectors
        rows = [encoded.ids for encoded in self._encoded(texts)]
        for group, hidden, mask in self._layers(rows):
            vectors[group] = pooled(hidden, mask)
        return vectors

    def embed_with_tokens(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], list[Tokens]]:
        """What `embed` and `token_vectors` return, from one run of the model. Raises what `embed` raises."""
        import numpy as np

        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        return vectors, self._token_vectors(texts, vectors)

    def token_vectors(self, texts: Sequence[str]) -> list[tuple[tuple[str, ...], NDArray[np.float32]]]:
        """Return for each text the words its tokens belong to, lower case, and float32 [T, 384], rows of length 1.

        A word cut into several tokens stands once for each of them, in a row. Raises what `embed` raises.
        """
        with self._lock:
            known = {text: self._tokens[text] for text in texts if text in self._tokens}
            for text in known:
                self._tokens.move_to_end(text)
        fresh = [text for text in dict.fromkeys(texts) if text not in known]
        for text, made in zip(fresh, self._token_vectors(fresh), strict=True):
            known[text] = made
            self._keep(text, made)
        return [known[text] for text in texts]

    def _keep(self, text: str, made: Tokens) -> None:
        """Remember one text's tokens: the same sentences are weighed for one question after the other."""
        made[1].flags.writeable = False
        with self._lock:
            before = self._tokens.pop(text, None)
            self._tokens[text] = made
            self._kept += len(made[1]) - (0 if before is None else len(before[1]))
            while self._kept > TOKENS_KEPT and len(self._tokens) > 1:
                _, (_, gone) = self._tokens.popitem(last=False)
                self._kept -= len(gone)

    def _token_vectors(self, texts: Sequence[str], whole: NDArray[np.float32] | None = None) -> list[Tokens]:
        """The vectors of each text's tokens; those of the texts go into the rows of `whole`."""
        import numpy as np

        found: list[Tokens] = [((), np.zeros((0, DIMENSIONS), np.float32))] * len(texts)
        if not texts:
            return found
        encodings = self._encoded(texts)
        for group, hidden, mask in self._layers([encoded.ids for encoded in encodings]):
            if whole is not None:
                whole[group] = pooled(hidden, mask)
            for place, i in enumerate(group):
                # The first and the last token only frame the text.
                inner = hidden[place, 1 : len(encodings[i].ids) - 1]
                found[i] = (_whole_words(encodings[i].tokens[1:-1]), unit(inner))
        return found

    def _encoded(self, texts: Sequence[str]) -> list[Any]:
        _, tokenizer = self._loaded()
        # Lone surrogates, which OCR and file names can hold, are no text to the tokenizer.
        return [tokenizer.encode(text.encode("utf-8", "replace").decode("utf-8")) for text in texts]

    def _layers(
        self, rows: Sequence[Sequence[int]]
    ) -> Iterator[tuple[list[int], NDArray[np.float32], NDArray[np.int64]]]:
        """Groups of rows with their last layer [B, T, 384] and what of it is text [B, T]."""
        import numpy as np

        session, _ = self._loaded()
        for group in groups([len(row) for row in rows]):
            ids, mask = padded([rows[i] for i in group])
            feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            try:
                hidden = session.run(["last_hidden_state"], feed)[0]
            except onnx_errors() as error:
                raise BackendError(f"the embedding model failed: {error}") from error
            yield group, hidden, mask

    def _loaded(self) -> tuple[Any, Any]:
        with self._lock:
            if self._model is None:
                self._model = _load(self._threads)
            return self._model


def _load(threads: int) -> tuple[Any, Any]:
    home = weights.locate("minilm")
    try:
        import onnxruntime
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingPackageError(
            f"search by meaning needs the package {error.name}", hint="pip install 'seehear[local]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Higher levels were no faster and took longer to load.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    try:
        session = onnxruntime.InferenceSession(home / "model.onnx", options, providers=["CPUExecutionProvider"])
    except onnx_errors() as error:
        raise BackendError(
            f"onnxruntime cannot load the embedding model: {error}", hint="pip install --upgrade onnxruntime"
        ) from error
    tokenizer = Tokenizer.from_file(str(home / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return session, tokenizer


def _whole_words(tokens: Sequence[str]) -> tuple[str, ...]:
    """For each token the word it belongs to: WordPiece marks with ## what goes on."""
    words: list[str] = []
    sizes: list[int] = []
    for token in tokens:
        if token.startswith("##") and words:
            words[-1] += token[2:]
            sizes[-1] += 1
        else:
            words.append(token)
            sizes.append(1)
    return tuple(word for word, size in zip(words, sizes, strict=True) for _ in range(size))
