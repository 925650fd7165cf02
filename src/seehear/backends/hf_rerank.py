"""Reranking with a cross-encoder of the Hugging Face kind on this machine, through transformers (extra `hf`).

Question and text go through the model together and one number comes out: Nogueira and Cho, "Passage Re-ranking with
BERT" (2019). Names are `hf:` and a folder or a hub name, such as `hf:cross-encoder/ms-marco-MiniLM-L6-v2`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seehear.backends.hf_hub import best_device, failure, foreign, loading, packages, place
from seehear.backends.protocols import Card
from seehear.errors import ConfigError, InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH_TEXTS = 8
LONGEST_TOKENS = 512
"""Of question and text together: what most of these models were trained on, and some cannot take more."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: Any
    tokenizer: Any
    longest: int


class CrossEncoder:
    """One sequence classifier with a single output as reranker; it loads on first use.

    `model` is a folder or a hub name, `device` such as `cpu` or `cuda` (None: the best there is).
    """

    def __init__(self, model: str, *, device: str | None = None) -> None:
        if not model.strip():
            raise InputError("hf: needs a name", hint="hf:cross-encoder/ms-marco-MiniLM-L6-v2")
        self._name, self._device = model, device
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None
        self.card = Card(
            name=f"hf:{model}", capabilities=("rerank",), runs="here", context_tokens=LONGEST_TOKENS,
            packages=("transformers", "torch"), licence="see its model card",
        )  # fmt: skip

    def close(self) -> None:
        """Free the model; safe to call twice and from any thread."""
        with self._lock:
            self._loaded = None

    def rerank(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the logits, float32 [N]; a text that is too long is read as far as it fits.

        Raises BackendError when the model fails, WeightsError, MissingPackageError, ConfigError when it is no reranker.
        """
        import numpy as np

        if not texts:
            return np.zeros(0, np.float32)
        loaded = self._load()
        import torch

        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        scores = np.zeros(len(texts), np.float32)
        try:
            for start in range(0, len(order), BATCH_TEXTS):
                rows = order[start : start + BATCH_TEXTS]
                pairs = loaded.tokenizer(
                    [question] * len(rows), [texts[i] for i in rows], padding=True, truncation="longest_first",
                    max_length=loaded.longest, return_tensors="pt",
                ).to(loaded.model.device)  # fmt: skip
                with torch.inference_mode():
                    logits = loaded.model(**pairs).logits  # (rows, 1)
                scores[rows] = logits[:, 0].float().cpu().numpy()
        except foreign() as error:
            raise failure(error, self.card.name) from error
        return scores

    def _load(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._read(place(self._name))
            return self._loaded

    def _read(self, folder: str) -> _Loaded:
        torch, transformers = packages(self.card.name)
        device = self._device or best_device(torch)
        with loading(self.card.name):
            config = transformers.AutoConfig.from_pretrained(folder, trust_remote_code=False)
            if config.num_labels != 1 or not any("SequenceClassification" in a for a in config.architectures or ()):
                raise ConfigError(
                    f"{self.card.name} is no reranker: it does not give one number for a pair of texts",
                    hint="choose a cross-encoder, such as hf:cross-encoder/ms-marco-MiniLM-L6-v2",
                )
            kind = transformers.AutoModelForSequenceClassification
            options = {"dtype": torch.float32 if device == "cpu" else "auto", "use_safetensors": True}
            model = kind.from_pretrained(folder, trust_remote_code=False, **options).to(device).eval()
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        # Positions of RoBERTa begin behind its padding, so that two fewer fit than there are.
        known = min(int(getattr(config, "max_position_embeddings", 0) or LONGEST_TOKENS + 2) - 2, LONGEST_TOKENS)
        return _Loaded(model, tokenizer, min(known, int(tokenizer.model_max_length)))
