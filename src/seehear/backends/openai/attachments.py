"""Pictures, sound and film as parts of a chat message: within what servers take, counted before they are sent."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from seehear.backends import describing, pieces
from seehear.backends.protocols import Attached, Kind
from seehear.backends.servers import catalogue, prices
from seehear.errors import InputError
from seehear.spans import Span
from seehear.values import Audio, Frames, Sight

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PICTURE_PX = 1024
"""Pictures are sent no larger: what is too small to read then was read before and goes along as text."""
FILM_PX = 512
MOST_BYTES = 15_000_000
"""Of one part, before base64: gateways and servers refuse bodies of some 20 MB and more."""
WAV_S = 60.0
"""Longer sound is sent as MP3, which takes a fourth."""
SOUND_TOKENS_PER_S = 10
"""What OpenAI counts of sound."""
FILM_TOKENS_PER_FRAME = 260
"""A frame of 512 px in patches of 28 px, pairs of frames sharing theirs as Qwen2-VL does; an upper estimate."""

Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one message and what they take: tokens (an upper estimate), pictures, seconds of sound."""

    parts: tuple[Part, ...] = ()
    tokens: int = 0
    images: int = 0
    audio_s: float = 0.0

    def __add__(self, other: Parts) -> Parts:
        return Parts(
            self.parts + other.parts, self.tokens + other.tokens, self.images + other.images,
            self.audio_s + other.audio_s,
        )  # fmt: skip


def words(text: str) -> Parts:
    """A part of text."""
    return Parts(({"type": "text", "text": text},), catalogue.text_tokens(text))


def picture(rgb: NDArray[np.uint8], *, model: str, longest_px: int = PICTURE_PX) -> Parts:
    """One picture, `rgb` uint8 [H, W, 3], as JPEG of at most `longest_px` on its longer side."""
    height_px, width_px = rgb.shape[:2]
    size_px = describing.fitted_px(width_px, height_px, longest_px=longest_px)
    data = base64.b64encode(describing.jpeg(rgb, longest_px=longest_px)).decode("ascii")
    url = {"url": f"data:image/jpeg;base64,{data}", "detail": "high"}
    return Parts(
        ({"type": "image_url", "image_url": url},), prices.estimate_tokens_for_image(*size_px, model), images=1
    )


def sound(audio: Audio) -> Parts:
    """Mono sound, WAV up to a minute and MP3 beyond. Raises InputError when it is too long to be sent at once."""
    kind = "wav" if audio.span.duration_s <= WAV_S else "mp3"
    content = pieces.encoded(audio, "wav" if kind == "wav" else "mp3")
    if len(content) > MOST_BYTES:
        minutes = audio.span.duration_s / 60
        raise InputError(
            f"{minutes:.0f} minutes of sound are too long for one request", hint='seehear ask FILE "your question"'
        )
    data = {"data": base64.b64encode(content).decode("ascii"), "format": kind}
    tokens = int(audio.span.duration_s * SOUND_TOKENS_PER_S) + 1
    return Parts(({"type": "input_audio", "input_audio": data},), tokens, audio_s=audio.span.duration_s)


def film(frames: Frames) -> Parts:
    """Evenly spaced frames as an MP4 of H.264, as vLLM and SGLang take it (`video_url`); smaller when it is too large.

    No server of OpenAI takes this part.
    """
    for longest_px in (FILM_PX, FILM_PX // 2):
        content = mp4(frames, longest_px=longest_px)
        if len(content) <= MOST_BYTES:
            break
    else:
        raise InputError(f"a film of {len(content)} bytes is too large for one request", hint="cut it")
    url = {"url": "data:video/mp4;base64," + base64.b64encode(content).decode("ascii")}
    return Parts(({"type": "video_url", "video_url": url},), FILM_TOKENS_PER_FRAME * len(frames.times_s), images=1)


def mp4(frames: Frames, *, longest_px: int = FILM_PX) -> bytes:
    """Evenly spaced frames as a film that lasts as long as they do: H.264, at most `longest_px` on the longer side."""
    import av
    import numpy as np
    from PIL import Image

    height_px, width_px = frames.rgb.shape[1:3]
    width, height = (max(2, px // 2 * 2) for px in describing.fitted_px(width_px, height_px, longest_px=longest_px))
    count = len(frames.times_s)
    step_s = float(frames.times_s[-1] - frames.times_s[0]) / (count - 1) if count > 1 else 1.0
    rate = 1 / Fraction(max(step_s, 0.01)).limit_denominator(1000)
    kept = io.BytesIO()
    with av.open(kept, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "26", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = 1 / rate
        for number, rgb in enumerate(frames.rgb):
            small = np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.BILINEAR))
            frame = av.VideoFrame.from_ndarray(small, format="rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return kept.getvalue()


def attached(things: Sequence[str | Attached], *, model: str, films: bool, most_pictures: int) -> Parts:
    """The parts of what is attached to a message, in order; film as pictures with their times where `films` is false.

    What was read on a picture follows it, between marks. `most_pictures` bounds how many pictures film becomes.
    """
    made = Parts()
    stills = sum(isinstance(thing, Sight) for thing in things)
    reels = sum(isinstance(thing, Frames) for thing in things)
    for thing in things:
        if isinstance(thing, str):
            made += words(thing)
        elif isinstance(thing, Audio):
            made += sound(thing)
        elif isinstance(thing, Frames):
            most = max(1, (most_pictures - stills) // max(1, reels))
            made += film(thing) if films else _pictures(thing, model=model, most=most)
        else:
            made += picture(thing.rgb, model=model)
            if thing.read.strip():
                made += words(f"Read on it:\n{describing.fenced(thing.read)}")
    return made


def thinned(frames: Frames, most: int) -> Frames:
    """At most so many of the frames, evenly spaced, the first one and the last one among them."""
    import numpy as np

    count = len(frames.times_s)
    if count <= most:
        return frames
    keep = np.unique(np.linspace(0, count - 1, max(1, most)).round().astype(int))
    return Frames(frames.rgb[keep], frames.times_s[keep])


def _pictures(frames: Frames, *, model: str, most: int) -> Parts:
    few = thinned(frames, most)
    made = words(f"The film, as {len(few.times_s)} pictures in their order:")
    for time_s, rgb in zip(few.times_s, few.rgb, strict=True):
        made += words(f"{float(time_s - few.times_s[0]):.1f} s after its first:")
        made += picture(rgb, model=model, longest_px=768)
    return made


def tiny(kind: Kind) -> Part:
    """The smallest thing of a kind that no server finds too small: to try whether it takes such things."""
    import numpy as np

    if kind == "sound":
        noise = np.random.default_rng(0).normal(0, 0.01, 16_000).astype(np.float32)
        return sound(Audio(noise, 16_000)).parts[0]
    red = np.full((64, 64, 3), (200, 30, 30), np.uint8)
    if kind == "film":
        return film(Frames(np.stack([red] * 8), np.arange(8) / 2)).parts[0]
    return picture(Sight(0.0, Span(0.0, 0.0), red).rgb, model="").parts[0]
