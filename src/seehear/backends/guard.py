"""A backend of another package, held to the promise that nothing foreign leaves it: what it raises is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from seehear.backends.protocols import Backend, Capability, Card, Kind, Message, Observer, OnDescribed
from seehear.errors import BackendError, SeehearError
from seehear.values import Audio, Description, Gap, Screen, Sight, Transcript

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def guarded(inner: Any, capability: Capability, *, whose: str) -> Backend:
    """The backend for one capability behind a guard; `whose` names it and its package in messages."""
    if capability == "answer" and isinstance(inner, Observer):
        return _Observer(inner, whose)
    return _GUARDS[capability](inner, whose)


class _Guard:
    """What all of them share. Errors of seehear, and what the caller's own callbacks raise, come out as they are."""

    def __init__(self, inner: Any, whose: str) -> None:
        self._inner, self._whose = inner, whose

    @property
    def card(self) -> Card:
        """What the backend is and can do."""
        card: Card = self._inner.card
        return card

    def close(self) -> None:
        """Let the backend go."""
        self._call("close")

    def _call(self, method: str, *given: Any, **named: Any) -> Any:
        ours: list[BaseException] = []
        named = {name: _noting(value, ours) if callable(value) else value for name, value in named.items()}
        try:
            return getattr(self._inner, method)(*given, **named)
        except SeehearError:
            raise
        except Exception as error:  # foreign code raises what it likes
            if any(error is one for one in ours):
                raise
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> BackendError:
        return BackendError(
            f"the backend {self._whose} failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}",
            hint="report it to the authors of that package, or choose another backend",
        )


def _noting(callback: Callable[..., Any], raised: list[BaseException]) -> Callable[..., Any]:
    def called(*given: Any) -> Any:
        try:
            return callback(*given)
        except BaseException as error:  # whatever it is, it is the caller's and comes out as it is
            raised.append(error)
            raise

    return called


class _Reader(_Guard):
    def read(self, rgb: NDArray[np.uint8]) -> Screen:
        made: Screen = self._call("read", rgb)
        return made


class _Describer(_Guard):
    def describe(
        self, sights: Sequence[Sight], *, question: str = "", on_described: OnDescribed | None = None
    ) -> list[Description | Gap]:
        made: list[Description | Gap] = self._call("describe", sights, question=question, on_described=on_described)
        if len(made) != len(sights):
            raise BackendError(f"the backend {self._whose} gave {len(made)} descriptions of {len(sights)} pictures")
        return made


class _Transcriber(_Guard):
    def transcribe(
        self, audio: Audio, *, language: str | None = None, on_progress: Callable[[float], None] | None = None
    ) -> Transcript:
        made: Transcript = self._call("transcribe", audio, language=language, on_progress=on_progress)
        return made


class _Embedder(_Guard):
    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        made: NDArray[np.float32] = self._call("embed", texts)
        if made.shape != (len(texts), self.card.dimensions):
            raise BackendError(f"the backend {self._whose} gave vectors of shape {made.shape} for {len(texts)} texts")
        return made


class _Reranker(_Guard):
    def rerank(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        made: NDArray[np.float32] = self._call("rerank", question, texts)
        if made.shape != (len(texts),):
            raise BackendError(f"the backend {self._whose} gave scores of shape {made.shape} for {len(texts)} texts")
        return made


class _Answerer(_Guard):
    def start(self) -> None:
        self._call("start")

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
        pieces = self._call("stream", messages, max_tokens=max_tokens)
        try:
            while True:
                try:
                    piece = next(pieces)
                except StopIteration:
                    return
                except SeehearError:
                    raise
                except Exception as error:  # foreign code raises what it likes
                    raise self._failed(error) from error
                yield piece
        finally:
            if hasattr(pieces, "close"):
                pieces.close()

    def count_tokens(self, text: str) -> int:
        return int(self._call("count_tokens", text))


class _Observer(_Answerer):
    def takes(self, kind: Kind) -> bool:
        return bool(self._call("takes", kind))


class _Speaker(_Guard):
    def speak(self, text: str) -> Audio:
        made: Audio = self._call("speak", text)
        return made


_GUARDS: dict[Capability, type[_Guard]] = {
    "read": _Reader, "describe": _Describer, "hear": _Transcriber, "embed": _Embedder, "rerank": _Reranker,
    "answer": _Answerer, "speak": _Speaker,
}  # fmt: skip
