"""The embedded voice: hibari-tts, an 8 MB English voice that comes in its wheel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seehear.backends.onnx import onnx_errors
from seehear.backends.protocols import Card
from seehear.errors import BackendError, MissingPackageError
from seehear.values import Audio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CARD = Card(
    "hibari", ("speak",), "here", languages=("en",), packages=("hibari-tts",), licence="Apache-2.0",
)  # fmt: skip

MAX_CHARACTERS = 5_000
_LOUDNESS_RMS = 0.09
_GAIN_RANGE = (0.5, 3.0)
_PEAK = 0.89


class Hibari:
    """Reads English aloud at 24 kHz; the same text gives the same samples."""

    def __init__(self, *, threads: int = 1) -> None:
        self._threads = threads
        self._voice: Any = None

    @property
    def card(self) -> Card:
        """What this backend is and can do."""
        return CARD

    def close(self) -> None:
        """Let the model go; safe to call twice."""
        self._voice = None

    def speak(self, text: str) -> Audio:
        """Return mono speech at 24 kHz, evened in loudness; no samples where the text has nothing to pronounce.

        Raises BackendError when the voice fails or the text is longer than 5,000 characters, MissingPackageError
        without hibari-tts.
        """
        if len(text) > MAX_CHARACTERS:
            raise BackendError(
                f"the voice was given {len(text):,} characters at once", hint=f"send up to {MAX_CHARACTERS:,}"
            )
        voice = self._loaded()
        try:
            # The voice adds noise for breath and hiss; a seed makes it the same each time.
            samples = voice(text, seed=0)
        except _failures() as error:
            raise BackendError(
                f"the voice hibari failed on {text[:60]!r}: {error}", hint="rephrase the sentence and try again"
            ) from error
        return Audio(_even(samples), int(voice.sample_rate))

    def _loaded(self) -> Any:
        if self._voice is None:
            try:
                from hibari import Hibari as Voice
            except ImportError as error:
                raise MissingPackageError(
                    "speaking needs the package hibari-tts", hint="pip install 'seehear[local]'"
                ) from error
            try:
                self._voice = Voice(threads=self._threads)
            except _failures() as error:
                raise BackendError(
                    f"the voice hibari cannot be loaded: {error}",
                    hint="pip install --force-reinstall hibari-tts",
                ) from error
        return self._voice


def _failures() -> tuple[type[Exception], ...]:
    """What the voice raises on its own, and what the runtime below it raises."""
    return (ValueError, LookupError, OSError, *onnx_errors())


def _even(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring the voiced part near one loudness without ever clipping."""
    import numpy as np

    size = np.abs(samples)
    peak = float(size.max(initial=0.0))
    if peak == 0.0:
        return samples.astype(np.float32)
    voiced = samples[size > 0.05 * peak]
    gain = float(np.clip(_LOUDNESS_RMS / np.sqrt(np.mean(np.square(voiced))), *_GAIN_RANGE))
    return (samples * min(gain, _PEAK / peak)).astype(np.float32)
