"""Writing a film: pictures that stay, sound, subtitles and chapters into one mp4 file, in order of time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.frame import PictureType

from seehear.errors import SetupError, StorageError
from seehear.values import Audio, Chapter, Segment

if TYPE_CHECKING:
    from av.container.core import Chapter as AvChapter
    from numpy.typing import NDArray

_KEYFRAME_EVERY_S = 10
_MILLISECOND = Fraction(1, 1000)
# The subtitle encoder takes its style from a header in the SSA format; players mostly use their own.
_SUBTITLE_STYLE = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,18,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


class Film:
    """An mp4 file being written: H.264 at a constant rate, AAC when there are `clips`, subtitles when there are `cues`.

    `clips` are stretches of sound at one rate in order of time, silence lies between them; `cues` are in order too.
    Use it as a context manager: the file appears at `path` when it is complete, and never otherwise. Raises
    StorageError when it cannot be written, SetupError when the codecs are missing.
    """

    def __init__(
        self, path: Path, *, size_px: tuple[int, int], rate_fps: int, title: str,
        clips: Sequence[Audio] = (), cues: Sequence[Segment] = (), chapters: Sequence[Chapter] = (),
    ) -> None:  # fmt: skip
        self._path = path
        self._part = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._rate_fps = rate_fps
        self._clips = list(clips)
        self._cues = list(cues)
        self._frame = 0
        self._rate_hz = 0
        self._sample = 0
        self._picture: av.VideoFrame | None = None
        self._force_key = False
        options = {"movflags": "+faststart", "fflags": "+bitexact"}
        try:
            self._container = av.open(str(self._part), "w", format="mp4", options=options)
            self._container.metadata["title"] = title
            self._container.set_chapters([_chapter(i, chapter) for i, chapter in enumerate(chapters)])
            video = self._container.add_stream("libx264", rate=rate_fps, options={
                "preset": "veryfast", "tune": "stillimage", "crf": "20", "bf": "0", "sc_threshold": "0",
                "forced-idr": "1", "g": str(_KEYFRAME_EVERY_S * rate_fps), "flags": "+bitexact",
            })  # fmt: skip
            video.width, video.height = size_px
            video.pix_fmt = "yuv420p"
            video.codec_context.time_base = Fraction(1, rate_fps)
            self._video = video
            self._audio = None
            if self._clips:
                self._rate_hz = self._clips[0].rate_hz
                self._audio = self._container.add_stream(
                    "aac", rate=self._rate_hz, layout="mono", options={"flags": "+bitexact"}
                )
                self._audio.bit_rate = 64_000
            self._subtitles = None
            if self._cues:
                self._subtitles = self._container.add_stream("mov_text")
                self._subtitles.codec_context.subtitle_header = _SUBTITLE_STYLE
                self._subtitles.time_base = _MILLISECOND
        except av.codec.codec.UnknownCodecError as error:
            raise SetupError(
                f"this build of PyAV cannot encode {error}", hint="pip install --force-reinstall av"
            ) from error
        except OSError as error:
            raise self._unwritable(error) from error

    def __enter__(self) -> Film:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._finish()
            else:
                self._give_up()
        finally:
            self._part.unlink(missing_ok=True)

    def show(self, rgb: NDArray[np.uint8], *, key: bool = False) -> None:
        """From the current frame on show `rgb`, uint8 [H, W, 3]; `key` lets a player jump exactly there."""
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        self._picture = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
        self._force_key = self._force_key or key

    def run_to(self, frame: int) -> None:
        """Write pictures up to frame number `frame` (exclusive), and what is heard and subtitled meanwhile.

        Raises StorageError when the file cannot be written.
        """
        assert self._picture is not None, "show a picture first"
        try:
            while self._frame < frame:
                self._picture.pts = self._frame
                self._picture.time_base = Fraction(1, self._rate_fps)
                self._picture.pict_type = PictureType.I if self._force_key else PictureType.NONE
                self._force_key = False
                self._container.mux(self._video.encode(self._picture))
                self._frame += 1
                self._write_sound()
                self._write_cues()
        except OSError as error:
            raise self._unwritable(error) from error

    def _finish(self) -> None:
        try:
            self._container.mux(self._video.encode())
            if self._audio is not None:
                self._container.mux(self._audio.encode())
            self._container.close()
            self._part.replace(self._path)
        except OSError as error:
            raise self._unwritable(error) from error

    def _give_up(self) -> None:
        # A second failure while closing must not hide the first.
        with contextlib.suppress(OSError):
            self._container.close()

    def _write_sound(self) -> None:
        if self._audio is None:
            return
        rate_hz = self._rate_hz
        end = self._frame * rate_hz // self._rate_fps
        block = np.zeros(end - self._sample, np.float32)
        while self._clips:
            clip = self._clips[0]
            first = round(clip.start_s * rate_hz)
            low, high = max(first, self._sample), min(first + len(clip.samples), end)
            if low < high:
                block[low - self._sample : high - self._sample] = clip.samples[low - first : high - first]
            if first + len(clip.samples) > end:
                break
            self._clips.pop(0)
        sound = av.AudioFrame.from_ndarray(block[None], format="fltp", layout="mono")
        sound.sample_rate, sound.pts, sound.time_base = rate_hz, self._sample, Fraction(1, rate_hz)
        self._container.mux(self._audio.encode(sound))
        self._sample = end

    def _write_cues(self) -> None:
        while self._subtitles is not None and self._cues and self._cues[0].span.start_s * self._rate_fps < self._frame:
            cue = self._cues.pop(0)
            text = cue.text.encode()
            # A sample of this format is its length in two bytes and the text.
            packet = av.Packet(len(text).to_bytes(2, "big") + text)
            packet.stream, packet.time_base = self._subtitles, _MILLISECOND
            packet.pts = packet.dts = round(cue.span.start_s * 1000)
            packet.duration = max(1, round(cue.span.end_s * 1000) - packet.pts)
            self._container.mux(packet)

    def _unwritable(self, error: OSError) -> StorageError:
        reason = error.strerror or str(error)
        return StorageError(
            f"{self._path} cannot be written: {reason}", hint="free space, or choose another place with -o"
        )


def _chapter(number: int, chapter: Chapter) -> AvChapter:
    return {
        "id": number, "start": round(chapter.span.start_s * 1000), "end": round(chapter.span.end_s * 1000),
        "time_base": _MILLISECOND, "metadata": {"title": chapter.title},
    }  # fmt: skip
