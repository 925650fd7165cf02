"""Seeing and answering with a model of the Hugging Face kind on this machine, through transformers (extra `hf`).

Names are `hf:` and a folder or a hub name, such as `hf:HuggingFaceTB/SmolVLM-256M-Instruct`. Weights are read from
safetensors only and code that comes with a model is never run.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from seehear.backends import describing
from seehear.backends.hf_hub import best_device, failure, foreign, loading, packages, place
from seehear.backends.protocols import Backend, Capability, Card, Message, OnDescribed
from seehear.backends.servers.prices import estimate_tokens
from seehear.errors import (
    BackendError,
    BackendUnavailableError,
    CancelledError,
    ConfigError,
    InputError,
    SeehearError,
)
from seehear.fences import defused
from seehear.values import Description, Gap, Sight

LONGEST_PX = 1024
"""Longer side of a picture as the model gets it: on a processor each patch costs time."""
CONTEXT_TOKENS = 4096
"""What a card promises before the model was loaded."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    model: Any
    processor: Any
    tokenizer: Any
    sees: bool
    context: int


class HuggingFace:
    """One model of transformers as describer and answerer; it loads on first use and writes greedily.

    `model` is a folder or a hub name, `device` such as `cpu` or `cuda` (None: the best there is), `threads` ≥ 1 those
    of torch on a processor (None: torch's choice, for the whole process). Whether the model sees is known when it is
    loaded.
    """

    def __init__(
        self, model: str, *, device: str | None = None, threads: int | None = None, images_per_request: int = 1
    ) -> None:
        if not model.strip() or (threads is not None and threads < 1) or images_per_request < 1:
            raise InputError(f"hf:{model} needs a name, 1 thread and 1 picture per request at least")
        self._name, self._device, self._threads = model, device, threads
        self._lock = threading.Lock()
        self._busy = threading.Lock()
        self._loaded: _Loaded | None = None
        self._stop = threading.Event()
        self.card = Card(
            name=f"hf:{model}", capabilities=("describe", "answer"), runs="here", streams=True,
            images_per_request=images_per_request, context_tokens=CONTEXT_TOKENS,
            packages=("transformers", "torch"), licence="see its model card",
        )  # fmt: skip

    def start(self) -> None:
        """Begin to load the model and return at once; what fails is told at the first use."""
        threading.Thread(target=self._try_load, daemon=True).start()

    def close(self) -> None:
        """Stop a reply that is being written and free the model; safe to call twice and from any thread."""
        self._stop.set()
        with self._lock:
            self._loaded = None

    def count_tokens(self, text: str) -> int:
        """The tokens of a text: the model's own count once it is loaded, an upper estimate before."""
        loaded = self._loaded
        return len(loaded.tokenizer(text)["input_ids"]) if loaded else estimate_tokens(text)

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
        """Yield pieces of the reply; closing the iterator early stops the writing.

        Raises BackendError when the messages do not fit or the model fails, BackendUnavailableError while another
        reply is being written, CancelledError when `close` is called meanwhile, WeightsError, MissingPackageError,
        ConfigError when the model is none that talks.
        """
        turns: list[tuple[str, list[str | Sight]]] = [(turn.role, [turn.text]) for turn in messages]
        yield from self._write(turns, max_tokens)

    def describe(
        self, sights: Sequence[Sight], *, question: str = "", on_described: OnDescribed | None = None
    ) -> list[Description | Gap]:
        """Describe pictures in order of time; one that failed is a Gap of stage `describe`.

        Raises ConfigError when the model does not see, and as `stream` when it cannot be loaded.
        """
        if sights and not self._load().sees:
            raise self._blind()

        def describe(group: Sequence[Sight]) -> list[Description | Gap]:
            asked = describing.request(group, question=question)
            turns: list[tuple[str, list[str | Sight]]] = [("system", [asked.system]), ("user", list(asked.parts))]
            return describing.parse("".join(self._write(turns, asked.max_tokens)), group)

        return describing.group_by_group(sights, self.card.images_per_request, describe, on_described)

    def check_sight(self) -> None:
        """Read what kind of model it is. Raises ConfigError when it takes no pictures, and as `stream`."""
        with self._lock:
            sees = self._loaded.sees if self._loaded else self._configured(place(self._name))[1]
        if not sees:
            raise self._blind()

    def _blind(self) -> ConfigError:
        return ConfigError(
            f"{self.card.name} takes no pictures", hint="choose a model that takes images and text, or leave --see out"
        )

    def _write(self, turns: Sequence[tuple[str, Sequence[str | Sight]]], max_tokens: int) -> Iterator[str]:
        loaded = self._load()
        if not self._busy.acquire(blocking=False):
            raise BackendUnavailableError(f"{self.card.name} is busy with another reply")
        self._stop.clear()
        abandoned = threading.Event()
        writer: threading.Thread | None = None
        failed: list[SeehearError] = []
        try:
            inputs = self._inputs(loaded, turns, max_tokens)
            pieces, writer = self._begin(loaded, inputs, max_tokens, abandoned, failed)
            for piece in pieces:
                if piece:
                    yield piece
            if failed:
                raise failed[0]
            if self._stop.is_set():
                raise CancelledError("the reply was stopped")
        finally:
            abandoned.set()
            if writer is not None:
                writer.join()
            self._busy.release()

    def _inputs(self, loaded: _Loaded, turns: Sequence[tuple[str, Sequence[str | Sight]]], max_tokens: int) -> Any:
        conversation = _conversation(turns, sees=loaded.sees)
        try:
            inputs = loaded.processor.apply_chat_template(
                conversation, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
            )
        except foreign() as error:
            raise failure(error, self.card.name) from error
        length = int(inputs["input_ids"].shape[1])
        if loaded.context and length + max_tokens > loaded.context:
            raise BackendError(
                f"the request takes {length} tokens and its reply {max_tokens}, {self.card.name} has a context of "
                f"{loaded.context}",
                hint="ask about less at once",
            )
        try:
            moved = {name: value.to(loaded.model.device) for name, value in inputs.items() if hasattr(value, "to")}
            return {name: v.to(loaded.model.dtype) if v.is_floating_point() else v for name, v in moved.items()}
        except foreign() as error:
            raise failure(error, self.card.name) from error

    def _begin(
        self, loaded: _Loaded, inputs: Any, max_tokens: int, abandoned: threading.Event, failed: list[SeehearError]
    ) -> tuple[Any, threading.Thread]:
        from transformers import StoppingCriteria, StoppingCriteriaList, TextIteratorStreamer

        streamer = TextIteratorStreamer(loaded.tokenizer, skip_prompt=True, skip_special_tokens=True)
        stop = self._stop

        class Stopped(StoppingCriteria):  # type: ignore[misc]  # a base of a package that mypy passes over
            def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
                import torch

                over = stop.is_set() or abandoned.is_set()
                return torch.full((len(input_ids),), over, device=input_ids.device, dtype=torch.bool)

        def write() -> None:
            try:
                loaded.model.generate(
                    **inputs, streamer=streamer, max_new_tokens=max_tokens, do_sample=False,
                    stopping_criteria=StoppingCriteriaList([Stopped()]),
                )  # fmt: skip
            except foreign() as error:
                failed.append(failure(error, self.card.name))
                streamer.end()

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        return streamer, writer

    def _try_load(self) -> None:
        try:
            self._load()
        except SeehearError:  # told again, to whoever uses it
            return

    def _load(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._read(place(self._name))
            return self._loaded

    def _configured(self, place: str) -> tuple[Any, bool]:
        """The configuration of the model, and whether it takes pictures."""
        _, transformers = packages(self.card.name)
        with loading(self.card.name):
            config = transformers.AutoConfig.from_pretrained(place, trust_remote_code=False)
            return config, type(config) in transformers.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

    def _read(self, place: str) -> _Loaded:
        torch, transformers = packages(self.card.name)
        if self._threads is not None:
            torch.set_num_threads(self._threads)
        device = self._device or best_device(torch)
        config, sees = self._configured(place)
        with loading(self.card.name):
            # A processor computes fastest in float32; other devices take what the weights were saved in.
            options = {"dtype": torch.float32 if device == "cpu" else "auto", "use_safetensors": True}
            kind = transformers.AutoModelForImageTextToText if sees else transformers.AutoModelForCausalLM
            model = kind.from_pretrained(place, trust_remote_code=False, **options).to(device).eval()
            reader = transformers.AutoProcessor if sees else transformers.AutoTokenizer
            processor = reader.from_pretrained(place, trust_remote_code=False)
        tokenizer = processor.tokenizer if sees else processor
        text = config.get_text_config()
        return _Loaded(model, processor, tokenizer, sees, int(getattr(text, "max_position_embeddings", 0) or 0))


def open_named(model: str, capability: Capability, *, device: str | None = None) -> Backend:
    """Make the backend for `hf:` names; nothing is loaded before it is used.

    Raises ConfigError for a capability other than describing and answering.
    """
    if capability not in ("describe", "answer"):
        raise ConfigError(f"hf:{model} cannot {capability}", hint="models of this kind describe and answer")
    return HuggingFace(model, device=device)


def _conversation(turns: Sequence[tuple[str, Sequence[str | Sight]]], *, sees: bool) -> list[dict[str, Any]]:
    """Messages as chat templates take them; marks of turns and image slots in the texts are made harmless."""
    if not sees:
        return [
            {"role": role, "content": "\n".join(defused(part) for part in parts if isinstance(part, str))}
            for role, parts in turns
        ]
    return [{"role": role, "content": [_part(part) for part in parts]} for role, parts in turns]


def _part(part: str | Sight) -> dict[str, Any]:
    if isinstance(part, str):
        # What describing wrote is defused already, but for its own two marks, which are no template's.
        safe = part if describing.OPEN in part else defused(part)
        return {"type": "text", "text": safe}
    from PIL import Image

    image = Image.fromarray(part.rgb)
    image.thumbnail((LONGEST_PX, LONGEST_PX), Image.Resampling.LANCZOS)
    return {"type": "image", "image": image}
