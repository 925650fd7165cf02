"""A backend of another package, held to the promise that nothing foreign leaves it: what it raises is named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from seehear.backends.protocols import Backend, Capability, Card, Kind, Message, Observer, OnDescribed
from seehear.errors import BackendError, SeehearError
from seehear.values import Audio, Description, Gap, Screen, Sight, Transcript

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")


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
        return self._broken(f"failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}")

    def _broken(self, how: str) -> BackendError:
        return BackendError(
            f"the backend {self._whose} {how}",
            hint="report it to the authors of that package, or choose another backend",
        )

    def _made(self, kind: type[T], method: str, *given: Any, **named: Any) -> T:
        """What a method returned, which must be of that kind."""
        made = self._call(method, *given, **named)
        if not isinstance(made, kind):
            raise self._broken(f"gave {type(made).__name__} instead of {kind.__name__}")
        return made

    def _numbers(self, what: str, shape: tuple[int, ...], method: str, *given: Any) -> NDArray[np.float32]:
        """The array that a method returned: float32 of that shape, every number finite."""
        import numpy as np

        made = self._call(method, *given)
        try:
            numbers = np.asarray(made, np.float32)
        except Exception as error:  # what cannot be made an array raises what it likes
            raise self._failed(error) from error
        if numbers.shape != shape:
            raise self._broken(f"gave {what} of shape {numbers.shape} for {shape[0]} texts")
        if not np.isfinite(numbers).all():
            raise self._broken(f"gave {what} that are not finite")
        return numbers


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
        return self._made(Screen, "read", rgb)


class _Describer(_Guard):
    def describe(
        self, sights: Sequence[Sight], *, question: str = "", on_described: OnDescribed | None = None
    ) -> list[Description | Gap]:
        made = self._call("describe", sights, question=question, on_described=on_described)
        if not isinstance(made, Sequence) or not all(isinstance(one, Description | Gap) for one in made):
            raise self._broken("gave something else than descriptions and gaps")
        if len(made) != len(sights):
            raise self._broken(f"gave {len(made)} descriptions of {len(sights)} pictures")
        return list(made)


class _Transcriber(_Guard):
    def transcribe(
        self, audio: Audio, *, language: str | None = None, on_progress: Callable[[float], None] | None = None
    ) -> Transcript:
        return self._made(Transcript, "transcribe", audio, language=language, on_progress=on_progress)


class _Embedder(_Guard):
    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._numbers("vectors", (len(texts), self.card.dimensions), "embed", texts)


class _Reranker(_Guard):
    def rerank(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._numbers("scores", (len(texts),), "rerank", question, texts)


class _Answerer(_Guard):
    def start(self) -> None:
        self._call("start")

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
        given = self._call("stream", messages, max_tokens=max_tokens)
        if not isinstance(given, Iterable):
            raise self._broken(f"gave {type(given).__name__} instead of pieces of text")
        pieces = iter(given)
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
                if not isinstance(piece, str):
                    raise self._broken(f"gave {type(piece).__name__} instead of a piece of text")
                yield piece
        finally:
            if hasattr(pieces, "close"):
                pieces.close()

    def count_tokens(self, text: str) -> int:
        made = self._call("count_tokens", text)
        try:
            return int(made)
        except (TypeError, ValueError, OverflowError) as error:
            raise self._failed(error) from error


class _Observer(_Answerer):
    def takes(self, kind: Kind) -> bool:
        return bool(self._call("takes", kind))


class _Speaker(_Guard):
    def speak(self, text: str) -> Audio:
        return self._made(Audio, "speak", text)


_GUARDS: dict[Capability, type[_Guard]] = {
    "read": _Reader, "describe": _Describer, "hear": _Transcriber, "embed": _Embedder, "rerank": _Reranker,
    "answer": _Answerer, "speak": _Speaker,
}  # fmt: skip
