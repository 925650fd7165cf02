"""What each capability promises. An omni model is an object that satisfies several of these.

Promises shared by all: times are seconds of presentation time, absolute to the media; a foreign exception never
leaves a backend unmapped (see `seehear.errors`); loading happens on first use, not when the object is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from seehear.values import Audio, Description, Frames, Gap, Screen, Sight, Transcript

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Capability = Literal["read", "hear", "embed", "rerank", "answer", "speak", "describe"]
Role = Literal["system", "user", "assistant"]
Kind = Literal["picture", "sound", "film"]
Attached = Sight | Audio | Frames
"""What can be put before a model beside text: a picture, sound, film."""
OnDescribed = Callable[[Sight, Description | Gap], None]


@dataclass(frozen=True, slots=True)
class Card:
    """A backend's capabilities as data; `name` is what the user types and what caches are keyed by.

    Empty `languages` are as many as its model knows.
    """

    name: str
    capabilities: tuple[Capability, ...]
    runs: Literal["here", "server", "hosted"]
    streams: bool = False
    images_per_request: int = 0
    takes_audio: bool = False
    word_times: bool = False
    context_tokens: int = 0
    dimensions: int = 0
    languages: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation with an answerer; `attached` stands before the text, in its order.

    Only an `Observer` takes more than text there.
    """

    role: Role
    text: str
    attached: tuple[str | Attached, ...] = ()


@runtime_checkable
class Backend(Protocol):
    """Whatever has a card and can be let go."""

    @property
    def card(self) -> Card:
        """What this backend is and can do."""
        ...

    def close(self) -> None:
        """Free models, child processes and sockets; safe to call twice."""
        ...


@runtime_checkable
class Reader(Backend, Protocol):
    """Reads the text on a picture."""

    def read(self, rgb: NDArray[np.uint8]) -> Screen:
        """Find text lines on one picture, `rgb` uint8 [H, W, 3]. Raises BackendError."""
        ...


@runtime_checkable
class Describer(Backend, Protocol):
    """Tells in words what pictures show."""

    def describe(
        self, sights: Sequence[Sight], *, question: str = "", on_described: OnDescribed | None = None
    ) -> list[Description | Gap]:
        """Describe pictures of one media in order of time; the result has their number and order.

        A `question` narrows what is told; `on_described` gets each as it is finished, in the caller's
        thread. A picture that was refused or failed is a Gap of stage `describe`. Raises BackendError when the backend
        as a whole cannot go on.
        """
        ...


@runtime_checkable
class Transcriber(Backend, Protocol):
    """Turns speech into text with times."""

    def transcribe(
        self, audio: Audio, *, language: str | None = None, on_progress: Callable[[float], None] | None = None
    ) -> Transcript:
        """Transcribe mono audio at 16 kHz; `language` is ISO 639-1, None detects it.

        `on_progress` is told how far the work has come in seconds of presentation time and may raise to stop it.
        Raises BackendError.
        """
        ...


@runtime_checkable
class Embedder(Backend, Protocol):
    """Maps texts to unit vectors."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 [N, D] with rows of length 1. Raises BackendError."""
        ...


@runtime_checkable
class Reranker(Backend, Protocol):
    """Tells how well each of some texts answers a question, having read the two together."""

    def rerank(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32 [N], finite, the larger the better; only scores of one call compare. Raises BackendError."""
        ...


@runtime_checkable
class Answerer(Backend, Protocol):
    """Writes text from messages."""

    def start(self) -> None:
        """Begin to load ahead of the first reply, and return at once."""
        ...

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
        """Yield pieces of the reply as they are written. Raises BackendError."""
        ...

    def count_tokens(self, text: str) -> int:
        """How many tokens of the context `text` takes (an upper estimate is allowed)."""
        ...


@runtime_checkable
class Observer(Answerer, Protocol):
    """An answerer that sees or hears what is attached to messages."""

    def takes(self, kind: Kind) -> bool:
        """Whether its model takes things of this kind: known, or tried on a tiny one and remembered.

        Film is then put before it as film; to a model that takes pictures alone it goes as pictures with their times.
        Raises BackendUnavailableError, BackendRefusedError.
        """
        ...


@runtime_checkable
class TakesFilm(Protocol):
    """A describer that may take film of a shot instead of one picture of it."""

    def takes(self, kind: Kind) -> bool:
        """As `Observer.takes`."""
        ...


@runtime_checkable
class ChecksSight(Protocol):
    """A describer that can tell before it has a picture that its model takes none."""

    def check_sight(self) -> None:
        """Find it out without loading the model. Raises ConfigError, WeightsError, MissingPackageError."""
        ...


@runtime_checkable
class Speaker(Backend, Protocol):
    """Reads text aloud."""

    def speak(self, text: str) -> Audio:
        """Return mono speech. Raises BackendError."""
        ...


CONTRACTS: dict[Capability, type] = {
    "read": Reader, "describe": Describer, "hear": Transcriber, "embed": Embedder, "rerank": Reranker,
    "answer": Answerer, "speak": Speaker,
}  # fmt: skip
"""What a backend must be to have each capability."""
