"""Small media files made on the spot, whose every picture tells its number and whose sounds lie at known times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

CLOCK_HZ = 90_000
_BITS = 8
# The encoders of text subtitles think in ASS and want its header, whatever they write.
_ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


@dataclass(frozen=True)
class Sound:
    """One audio stream: float samples [T] or [C, T] at `rate_hz`, beginning at `start_s`.

    What lies in `lost` spans of the samples is not written: a hole, not silence.
    """

    samples: NDArray[np.float32]
    rate_hz: int = 48000
    start_s: float = 0.0
    codec: str = "pcm_s16le"
    lost: tuple[tuple[float, float], ...] = ()
    default: bool = True


def numbered(number: int, *, size_px: tuple[int, int] = (160, 96)) -> NDArray[np.uint8]:
    """A picture with `number` (0 to 255) as eight black and white columns over a red left and a blue bottom edge."""
    width, height = size_px
    rgb = np.full((height, width, 3), 128, np.uint8)
    edges = np.linspace(width // 8, width, _BITS + 1).astype(int)
    for bit in range(_BITS):
        rgb[: height * 3 // 4, edges[bit] : edges[bit + 1]] = 255 * (number >> bit & 1)
    rgb[:, : width // 8] = (255, 0, 0)
    rgb[height * 3 // 4 :, width // 8 :] = (0, 0, 255)
    return rgb


def number_of(rgb: NDArray[np.uint8]) -> int:
    """Read back what `numbered` drew."""
    height, width = rgb.shape[:2]
    edges = np.linspace(width // 8, width, _BITS + 1)
    middles = ((edges[:-1] + edges[1:]) / 2).astype(int)
    row = rgb[height * 3 // 8, :, 0]
    return sum(int(row[middle] > 127) << bit for bit, middle in enumerate(middles))


def clicks(duration_s: float, times_s: Sequence[float], *, rate_hz: int = 48000) -> NDArray[np.float32]:
    """Silence with a 1 ms click at each time."""
    samples = np.zeros(round(duration_s * rate_hz), np.float32)
    for time_s in times_s:
        start = round(time_s * rate_hz)
        samples[start : start + max(1, rate_hz // 1000)] = 0.9
    return samples


def tone(duration_s: float, *, hz: float = 440.0, rate_hz: int = 48000) -> NDArray[np.float32]:
    return (0.4 * np.sin(2 * np.pi * hz * np.arange(round(duration_s * rate_hz)) / rate_hz)).astype(np.float32)


def write(
    path: Path,
    times_s: Sequence[float] = (),
    *,
    size_px: tuple[int, int] = (160, 96),
    gop: int = 12,
    matrix: Sequence[int] | None = None,
    pixel_aspect: Fraction | None = None,
    sounds: Sequence[Sound] = (),
    subtitles: Sequence[tuple[float, float, str]] = (),
    chapters: Sequence[tuple[float, float, str]] = (),
    b_frames: int = 2,
    options: Mapping[str, str] | None = None,
    last_s: float | None = None,
) -> Path:
    """Write a file with the picture `numbered(n)` at `times_s[n]`; kind and codecs follow the name's ending."""
    with av.open(str(path), "w", options=dict(options or {})) as container:
        packets: list[tuple[float, av.Packet]] = []
        if times_s:
            packets += _video_packets(container, times_s, size_px, gop, matrix, pixel_aspect, b_frames, last_s)
        for sound in sounds:
            packets += _audio_packets(container, sound)
        if subtitles:
            packets += _subtitle_packets(container, subtitles, path.suffix)
        if chapters:
            container.set_chapters(
                [
                    {
                        "id": n, "start": round(start * 1000), "end": round(end * 1000), "time_base": Fraction(1, 1000),
                        "metadata": {"title": title},
                    }
                    for n, (start, end, title) in enumerate(chapters)
                ]
            )  # fmt: skip
        for _, packet in sorted(packets, key=lambda p: p[0]):
            container.mux(packet)
    return path


def _video_packets(
    container: av.container.OutputContainer, times_s: Sequence[float], size_px: tuple[int, int], gop: int,
    matrix: Sequence[int] | None, pixel_aspect: Fraction | None, b_frames: int, last_s: float | None,
) -> Iterator[tuple[float, av.Packet]]:  # fmt: skip
    width, height = size_px
    stream = container.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "12", "bf": str(b_frames)})
    stream.width, stream.height = width, height
    # Chroma is halved in 4:2:0, which odd sizes do not allow.
    stream.pix_fmt = "yuv444p" if width % 2 or height % 2 else "yuv420p"
    stream.codec_context.gop_size = gop
    stream.codec_context.thread_count = 1
    stream.time_base = stream.codec_context.time_base = Fraction(1, CLOCK_HZ)
    if pixel_aspect is not None:
        stream.codec_context.sample_aspect_ratio = pixel_aspect
    if matrix is not None:
        stream.set_display_matrix(matrix)
    ends = [*times_s[1:], times_s[-1] + (last_s if last_s is not None else 1 / 30)]
    lengths = {round(a * CLOCK_HZ): round((b - a) * CLOCK_HZ) for a, b in zip(times_s, ends, strict=True)}
    for number, time_s in enumerate(times_s):
        frame = av.VideoFrame.from_ndarray(numbered(number % 256, size_px=size_px), format="rgb24")
        frame.pts, frame.time_base = round(time_s * CLOCK_HZ), Fraction(1, CLOCK_HZ)
        yield from _stamped(stream.encode(frame), lengths)
    yield from _stamped(stream.encode(None), lengths)


def _stamped(packets: Sequence[av.Packet], lengths: Mapping[int, int]) -> Iterator[tuple[float, av.Packet]]:
    for packet in packets:
        packet.duration = lengths.get(packet.pts or 0, 0)
        yield float((packet.dts or 0) * packet.time_base), packet


def _audio_packets(container: av.container.OutputContainer, sound: Sound) -> Iterator[tuple[float, av.Packet]]:
    samples = np.atleast_2d(sound.samples)
    stream = container.add_stream(sound.codec, rate=sound.rate_hz, layout="stereo" if len(samples) == 2 else "mono")
    stream.time_base = Fraction(1, sound.rate_hz)
    stream.disposition = av.stream.Disposition.default if sound.default else av.stream.Disposition(0)
    converter = av.AudioResampler(format=stream.codec_context.format, layout=stream.layout, rate=sound.rate_hz)
    step = stream.codec_context.frame_size or 1024
    for start in range(0, samples.shape[1], step):
        if any(a <= start / sound.rate_hz < b for a, b in sound.lost):
            continue
        piece = np.ascontiguousarray(samples[:, start : start + step].T.reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(piece, format="flt", layout=stream.layout.name)
        frame.sample_rate, frame.time_base = sound.rate_hz, Fraction(1, sound.rate_hz)
        frame.pts = start + round(sound.start_s * sound.rate_hz)
        for ready in converter.resample(frame):
            for packet in stream.encode(ready):
                yield float((packet.dts or 0) * packet.time_base), packet
    for packet in stream.encode(None):
        yield float((packet.dts or 0) * packet.time_base), packet


def _subtitle_packets(
    container: av.container.OutputContainer, cues: Sequence[tuple[float, float, str]], suffix: str
) -> Iterator[tuple[float, av.Packet]]:
    stream = container.add_stream("mov_text" if suffix == ".mp4" else "subrip")
    stream.codec_context.subtitle_header = _ASS_HEADER
    stream.metadata["language"] = "eng"
    for start_s, end_s, text in cues:
        data = text.encode()
        packet = av.Packet(len(data).to_bytes(2, "big") + data if suffix == ".mp4" else data)
        packet.stream, packet.time_base = stream, Fraction(1, 1000)
        packet.pts = packet.dts = round(start_s * 1000)
        packet.duration = round((end_s - start_s) * 1000)
        yield start_s, packet


def write_song(path: Path, *, cover: bool) -> Path:
    """An MP3 of two seconds, with or without a picture of its cover in it."""
    sound = tone(2.0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libmp3lame", rate=48000, layout="mono")
        art = container.add_stream("png", rate=1) if cover else None
        packets = []
        if art is not None:
            art.width, art.height, art.pix_fmt = 64, 64, "rgb24"
            art.disposition = av.stream.Disposition.attached_pic
            frame = av.VideoFrame.from_ndarray(numbered(7, size_px=(64, 64)), format="rgb24")
            packets += [*art.encode(frame), *art.encode(None)]
        step = stream.codec_context.frame_size or 1152
        for start in range(0, len(sound), step):
            frame = av.AudioFrame.from_ndarray(sound[None, start : start + step], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48000, start
            packets += stream.encode(frame)
        for packet in [*packets, *stream.encode(None)]:
            container.mux(packet)
    return path
