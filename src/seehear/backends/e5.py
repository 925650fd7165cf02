"""Sentence vectors in about a hundred languages: multilingual-e5-small in numpy, 384 dimensions, length 1.

The model: Wang et al., "Multilingual E5 Text Embeddings" (2024). Its vectors all lie near one direction; what they have
in common is taken off, as in Mu and Viswanath, "All-but-the-Top" (2018), so that cosines of strangers are near zero.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from seehear import weights
from seehear.backends.batches import groups, padded, pooled, unit
from seehear.backends.e5_file import Packed, read_packed, unpacked
from seehear.backends.protocols import Card
from seehear.errors import InputError, MissingPackageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 384
MAX_TOKENS = 512
PREFIXES = {"question": "query: ", "text": "passage: "}
"""What the model was trained to read before a question and before a text."""
TAKEN_OFF = 0.7
"""How much of the common part is taken off; with all of it fewer questions found their place (docs/languages.md)."""


class E5:
    """Embeds texts and questions; the model loads on first use, on as many threads as numpy's own BLAS takes.

    `threads` ≥ 1 is accepted as of every embedder.
    """

    def __init__(self, *, threads: int = 1) -> None:
        if threads < 1:
            raise InputError(f"an embedder needs at least one thread, got {threads}")
        self._lock = threading.Lock()
        self._model: _Model | None = None
        self.card = Card(
            name="e5", capabilities=("embed",), runs="here", dimensions=DIMENSIONS, context_tokens=MAX_TOKENS,
            weights=("e5-multilingual",), packages=("tokenizers",), licence="MIT",
        )  # fmt: skip

    def close(self) -> None:
        """Free the model; safe to call twice."""
        with self._lock:
            self._model = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 [N, 384], rows of length 1, equal to 1e-5 however texts are grouped.

        Raises WeightsError when the model is not on this machine, MissingPackageError.
        """
        return self._told_apart("text", texts)

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 [N, 384] to compare with the rows of `embed`. Raises what `embed` raises."""
        return self._told_apart("question", texts)

    def as_they_are(self, what: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """The model's own vectors of "text" or "question", float32 [N, 384]. Raises what `embed` raises."""
        with self._lock:
            if self._model is None:
                self._model = _load()
            model = self._model
        return model.vectors(PREFIXES[what], texts)

    def _told_apart(self, what: str, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = self.as_they_are(what, texts)
        return unit(unit(rows) - TAKEN_OFF * _common(what)) if len(rows) else rows


@dataclass(frozen=True, slots=True)
class _Model:
    packed: Packed
    tokenizer: Any

    def vectors(self, prefix: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """The mean of the last layer over each text, [N, D], as the model gives it."""
        import numpy as np

        rows = [self._tokens(prefix + text) for text in texts]
        made = np.zeros((len(rows), self.packed.width), np.float32)
        for group in groups([len(row) for row in rows]):
            ids, mask = padded([rows[i] for i in group], pad=self.packed.pad)
            made[group] = pooled(self._last_layer(ids, mask), mask)
        return made

    def _tokens(self, text: str) -> list[int]:
        # Lone surrogates, which OCR and file names can hold, are no text to the tokenizer.
        whole = text.encode("utf-8", "replace").decode("utf-8").translate(self.packed.replaced)
        pieces: list[int] = self.tokenizer.encode(re.sub(" +", " ", whole), add_special_tokens=False).ids
        return [self.packed.start, *pieces[: MAX_TOKENS - 2], self.packed.end]

    def _last_layer(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """The encoder of Devlin et al., "BERT" (2019): [B, T] to [B, T, D]."""
        import numpy as np

        packed, weight = self.packed, self.packed.tensors
        batch, length = ids.shape
        places = weight["emb.pos"].reshape(-1, packed.width)[:length]
        x = unpacked(packed.table[ids]) + places + weight["emb.type"][: packed.width]
        x = self._normed(x, "emb.ln")
        hidden = np.where(mask == 1, 0.0, -1e9).astype(np.float32)[:, None, None]
        scale = np.float32((packed.width // packed.heads) ** -0.5)
        for layer in range(packed.layers):
            q, k, v = (
                self._linear(x, f"l{layer}.{name}").reshape(batch, length, packed.heads, -1).transpose(0, 2, 1, 3)
                for name in "qkv"
            )
            near = q @ k.transpose(0, 1, 3, 2) * scale + hidden
            near = np.exp(near - near.max(axis=-1, keepdims=True))
            near /= near.sum(axis=-1, keepdims=True)
            told = (near @ v).transpose(0, 2, 1, 3).reshape(batch, length, packed.width)
            x = self._normed(x + self._linear(told, f"l{layer}.ao"), f"l{layer}.aln")
            wide = _gelu(self._linear(x, f"l{layer}.fi"))
            x = self._normed(x + self._linear(wide, f"l{layer}.fo"), f"l{layer}.oln")
        return x

    def _linear(self, x: NDArray[np.float32], name: str) -> NDArray[np.float32]:
        weight, bias = self.packed.tensors[f"{name}.w"], self.packed.tensors[f"{name}.b"]
        made: NDArray[np.float32] = x.reshape(-1, x.shape[-1]) @ weight.reshape(-1, x.shape[-1]).T
        made += bias
        return made.reshape(*x.shape[:-1], -1)

    def _normed(self, x: NDArray[np.float32], name: str) -> NDArray[np.float32]:
        import numpy as np

        x = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt(np.einsum("btd,btd->bt", x, x)[..., None] / x.shape[-1] + self.packed.epsilon)
        made: NDArray[np.float32] = x / spread * self.packed.tensors[f"{name}.w"] + self.packed.tensors[f"{name}.b"]
        return made.astype(np.float32, copy=False)


def _gelu(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016), by its tanh form."""
    import numpy as np

    inner = x * x
    inner *= np.float32(0.044715 * 0.7978846)
    inner += np.float32(0.7978846)
    inner *= x
    np.tanh(inner, out=inner)
    inner += 1.0
    inner *= x
    inner *= 0.5
    return inner


@cache
def _common(what: str) -> NDArray[np.float32]:
    import numpy as np

    text = resources.files("seehear").joinpath("data/e5_common.json").read_text(encoding="utf-8")
    return np.asarray(json.loads(text)[what], np.float32)


def _load() -> _Model:
    home = weights.locate("e5-multilingual")
    try:
        from tokenizers import Tokenizer, models, pre_tokenizers
    except ImportError as error:
        raise MissingPackageError(
            f"search by meaning needs the package {error.name}", hint="pip install 'seehear[local]'"
        ) from error
    packed = read_packed(home / "model.bin")
    tokenizer = Tokenizer(models.Unigram(packed.pieces, packed.unknown, False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    return _Model(packed, tokenizer)
