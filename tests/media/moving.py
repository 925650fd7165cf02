"""Videos drawn for tests, with the exact times at which something new is on the screen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from PIL import Image, ImageDraw, ImageFont

WORDS = [
    "values",
    "names",
    "memory",
    "function",
    "argument",
    "result",
    "recursion",
    "loop",
    "condition",
    "tree",
    "sorting",
    "stack",
    "queue",
    "hash",
    "table",
    "graph",
    "vertex",
    "edge",
    "search",
    "cost",
    "proof",
    "lemma",
    "integral",
    "matrix",
    "vector",
    "kernel",
    "gradient",
    "sample",
    "noise",
    "signal",
    "window",
    "filter",
    "model",
]
CODE = """\
import math
def area(radius):
    return math.pi * radius ** 2
class Shape:
    def __init__(self, name):
        self.name = name
for item in items:
    print(item.name, area(3))
total = sum(x * x for x in range(10))
if total > 100:
    raise ValueError(total)
with open(path) as file:
    rows = [line.split() for line in file]
result = sorted(rows, key=lambda row: row[1])
print(len(result), result[0])
while queue:
    node = queue.pop(0)
    seen.add(node)""".splitlines()


@dataclass(frozen=True, slots=True)
class Truth:
    """A true change: it may be placed anywhere from `time_s` (it begins) to `until_s` (it is complete)."""

    time_s: float
    until_s: float
    kind: str = "slide"


@dataclass(slots=True)
class Scene:
    """Something drawn: `paint(time_s)` gives RGB uint8 [H, W, 3]; `truth` lists the changes after the start."""

    paint: Callable[[float], np.ndarray]
    duration_s: float
    truth: list[Truth] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Canvas:
    """Size in pixels and a scale for fonts and shapes, 1.0 at 640 pixels width."""

    width_px: int = 640
    height_px: int = 360

    @property
    def scale(self) -> float:
        return self.width_px / 640

    def font(self, size: float) -> ImageFont.FreeTypeFont:
        return ImageFont.load_default(size * self.scale)  # type: ignore[return-value]


def change(time_s: float, until_s: float | None = None, kind: str = "slide") -> Truth:
    return Truth(time_s, time_s if until_s is None else until_s, kind)


def encode(
    path: Path, scene: Scene, *, fps: float = 15, gop: int = 250, crf: int = 26, bframes: int = 3,
    times_s: Callable[[float], Iterable[float]] | None = None, noise: float = 0.0, start_s: float = 0.0,
    codec: str = "libx264",
) -> Path:  # fmt: skip
    """Encode a scene; `times_s(duration)` gives the frame times of a variable rate, `noise` adds a sensor's grain."""
    rng = np.random.default_rng(7)
    sizes = (*scene.paint(0).shape[:2], 1)
    grain = [rng.normal(0, noise, sizes).astype(np.float32) for _ in range(4)] if noise else []
    ticks = 90000
    # A picture that converts itself prepares for that anew, which costs more than converting.
    converter = VideoReformatter()
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
        stream.codec_context.time_base = stream.time_base = Fraction(1, ticks)
        stream.pix_fmt = "yuv420p"
        stream.thread_type = "NONE"
        stream.codec_context.gop_size = gop
        if codec == "libx264":
            stream.options = {"preset": "veryfast", "crf": str(crf), "bf": str(bframes), "threads": "1"}
        times = times_s(scene.duration_s) if times_s else (i / fps for i in range(round(scene.duration_s * fps)))
        before, frame = None, None
        for index, time_s in enumerate(times):
            rgb = scene.paint(time_s)
            if index == 0:
                stream.height, stream.width = rgb.shape[:2]
            if grain:
                shift = int(rng.integers(0, rgb.shape[1]))
                rgb = np.clip(rgb + np.roll(grain[index % 4], shift, axis=1), 0, 255).astype(np.uint8)
            if rgb is not before:
                drawn = av.VideoFrame.from_ndarray(rgb, format="rgb24")
                before, frame = rgb, converter.reformat(drawn, format="yuv420p")
            frame.pts, frame.time_base = round((start_s + time_s) * ticks), Fraction(1, ticks)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def slide(canvas: Canvas, seed: int, *, bullets: int = 4, shown: int | None = None, dark: bool = False) -> np.ndarray:
    """A slide with a title and bullets, `shown` of them visible; the same seed gives the same words."""
    rng = np.random.default_rng(seed)
    background, ink = ((30, 32, 40), (150, 155, 160)) if dark else ((250, 250, 248), (25, 25, 40))
    image = Image.new("RGB", (canvas.width_px, canvas.height_px), background)
    draw = ImageDraw.Draw(image)
    k = canvas.scale
    draw.text((30 * k, 20 * k), " ".join(rng.choice(WORDS, 3)).title(), ink, canvas.font(26))
    for row in range(bullets):
        words = "- " + " ".join(rng.choice(WORDS, rng.integers(2, 6)))
        if shown is None or row < shown:
            draw.text((40 * k, (75 + 42 * row) * k), words, ink, canvas.font(16))
    return np.asarray(image)


def blend(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    return (a + (b.astype(np.float32) - a) * min(1.0, max(0.0, share))).astype(np.uint8)


def deck(
    canvas: Canvas, plan: list[tuple[float, int, int]], duration_s: float, *, fade_s: float = 0.0, dark: bool = False
) -> Scene:
    """Slides by plan rows (time_s, seed, bullets shown); each row after the first is a change, faded over `fade_s`."""
    pictures = [slide(canvas, seed, shown=shown, dark=dark) for _, seed, shown in plan]
    starts = [row[0] for row in plan]

    def paint(time_s: float) -> np.ndarray:
        now = max(i for i, start in enumerate(starts) if start <= time_s + 1e-9)
        if now and fade_s and time_s < starts[now] + fade_s:
            return blend(pictures[now - 1], pictures[now], (time_s - starts[now]) / fade_s)
        return pictures[now]

    kinds = ["slide" if a[1] != b[1] else "build" for a, b in pairwise(plan)]
    return Scene(paint, duration_s, [change(t, t + fade_s, k) for t, k in zip(starts[1:], kinds, strict=True)])


def texture(seed: int, height: int, width: int, roughness: int = 24) -> np.ndarray:
    """A smooth coloured texture, like a photo out of focus."""
    rng = np.random.default_rng(seed)
    small = rng.integers(20, 235, (max(2, height // roughness), max(2, width // roughness), 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def with_presenter(scene: Scene, canvas: Canvas, *, crosses_s: float | None = None, still: float = 0.98) -> Scene:
    """A person in front of a wall on the right third: sways, gestures, stands still now and then, may cross once."""
    k = canvas.scale
    wall = texture(3, canvas.height_px, canvas.width_px, int(60 * k)) // 3 + 40
    shirt = texture(5, int(170 * k), int(90 * k), int(22 * k)) // 2 + 20
    face = texture(6, int(56 * k), int(44 * k), int(9 * k)) // 3 + 110
    left = int(430 * k)

    def paint(time_s: float) -> np.ndarray:
        out = scene.paint(time_s).copy()
        out[:, left:] = wall[:, left:]
        clock = time_s - still * math.sin(time_s * 0.8) / 0.8
        x = 490 + 30 * math.sin(clock * 1.3) + 8 * math.sin(clock * 5)
        if crosses_s is not None and 0 <= time_s - crosses_s < 6:
            x = 490 - 330 * math.sin((time_s - crosses_s) / 6 * math.pi)
        y = 150 + 5 * math.sin(clock * 3)
        _paste(out, shirt, int(x * k), int((y + 50) * k))
        _paste(out, face, int((x + 23 + 4 * math.sin(clock * 4)) * k), int(y * k))
        arm = np.roll(shirt[: int(18 * k)], int(clock * 40), axis=1)
        _paste(out, arm, int((x - 50 + 15 * math.sin(clock * 6)) * k), int((y + 70 + 40 * math.sin(clock * 4.1)) * k))
        return out

    return Scene(paint, scene.duration_s, scene.truth)


def with_inset(scene: Scene, canvas: Canvas, *, frames: list[np.ndarray] | None = None) -> Scene:
    """A small camera picture in the corner, always moving; `frames` (RGB) replace the drawn texture."""
    height, width = int(90 * canvas.scale), int(150 * canvas.scale)
    drawn = texture(9, height * 3, width * 3, 18)
    inset = [np.asarray(Image.fromarray(f).resize((width, height))) for f in frames or []]

    def paint(time_s: float) -> np.ndarray:
        out = scene.paint(time_s).copy()
        y, x = int(height * (1 + math.sin(time_s * 1.1))), int(width * (1 + math.sin(time_s * 0.8)))
        picture = inset[int(time_s * 15) % len(inset)] if inset else drawn[y : y + height, x : x + width]
        _paste(out, picture, canvas.width_px - width - 8, canvas.height_px - height - 8)
        return out

    return Scene(paint, scene.duration_s, scene.truth)


def with_cursor(scene: Scene, canvas: Canvas) -> Scene:
    """A mouse pointer that wanders, and rests for seconds at new places."""
    k = canvas.scale
    arrow = [(0, 0), (0, 15), (4, 11), (7, 17), (9, 16), (6, 10), (11, 10)]

    def paint(time_s: float) -> np.ndarray:
        image = Image.fromarray(scene.paint(time_s))
        leg, part = divmod(time_s, 4.0)
        a, b = (np.random.default_rng(int(leg) + n).uniform((20, 20), (600, 330)) for n in (0, 1))
        x, y = a + (b - a) * min(1.0, part / 1.5)
        points = [((x + dx) * k, (y + dy) * k) for dx, dy in arrow]
        ImageDraw.Draw(image).polygon(points, fill=(255, 255, 255), outline=(0, 0, 0))
        return np.asarray(image)

    return Scene(paint, scene.duration_s, scene.truth)


def with_clock(scene: Scene, canvas: Canvas) -> Scene:
    """A running clock burnt into the corner."""
    font = canvas.font(20)

    def paint(time_s: float) -> np.ndarray:
        image = Image.fromarray(scene.paint(time_s))
        text = f"{int(time_s) // 60:02d}:{int(time_s) % 60:02d}"
        ImageDraw.Draw(image).text((canvas.width_px - 90 * canvas.scale, 8 * canvas.scale), text, (200, 40, 40), font)
        return np.asarray(image)

    return Scene(paint, scene.duration_s, scene.truth)


def with_light(scene: Scene, *, swing: float = 0.12) -> Scene:
    """A camera's exposure that drifts up and down, and a soft lens."""

    def paint(time_s: float) -> np.ndarray:
        gain = 0.85 + swing * math.sin(time_s * 0.8)
        out = scene.paint(time_s).astype(np.float32)
        soft = (out + np.roll(out, 1, 0) + np.roll(out, 1, 1) + np.roll(out, (1, 1), (0, 1))) / 4
        return np.clip(soft * gain, 0, 255).astype(np.uint8)

    return Scene(paint, scene.duration_s, scene.truth)


def typing(canvas: Canvas, *, lines: int = 14, keys_per_s: float = 9.0, pause_s: float = 2.5, block: int = 3) -> Scene:
    """Code typed key by key in a dark editor: a pause after every `block` lines; the view jumps on when it is full."""
    k = canvas.scale
    font = canvas.font(13)
    stamps: list[tuple[float, int, int]] = []
    truth: list[Truth] = []
    time_s, began_s = 1.5, 1.5
    for row in range(lines):
        for column in range(1, len(CODE[row % len(CODE)]) + 1):
            time_s += 1 / keys_per_s
            stamps.append((time_s, row, column))
        if row % block == block - 1 or row == lines - 1:
            truth.append(change(began_s, time_s, "build"))
            time_s += pause_s
            began_s = time_s
    times = np.array([s[0] for s in stamps])
    height = 12

    @cache
    def painted(at: int, caret: bool) -> np.ndarray:
        image = Image.new("RGB", (canvas.width_px, canvas.height_px), (30, 30, 36))
        draw = ImageDraw.Draw(image)
        row, column = (stamps[at][1], stamps[at][2]) if at >= 0 else (0, 0)
        top = max(0, (row - height + 4) // 4 * 4) if row >= height else 0
        draw.text((10 * k, 4 * k), "main.py  —  editor", (120, 120, 130), font)
        for line in range(top, row + 1):
            text = CODE[line % len(CODE)][: column if line == row else None]
            draw.text((40 * k, (30 + 24 * (line - top)) * k), text, (190, 195, 170), font)
        if caret:
            x, y = 40 * k + draw.textlength(CODE[row % len(CODE)][:column], font), (30 + 24 * (row - top)) * k
            draw.rectangle((x, y, x + 1.5 * k, y + 16 * k), fill=(230, 230, 230))
        return np.asarray(image)

    def paint(now_s: float) -> np.ndarray:
        return painted(int(np.searchsorted(times, now_s, side="right")) - 1, now_s % 1.0 < 0.5)

    return Scene(paint, time_s + 1.0, truth)


def writing(canvas: Canvas, starts_s: list[float], *, keys_per_s: float = 12.0) -> Scene:
    """Blocks of four lines of code, each written without a pause from its start on; nothing blinks."""
    k = canvas.scale
    font = canvas.font(13)
    blocks = [CODE[4 * i : 4 * i + 4] for i in range(len(starts_s))]
    sizes = [sum(map(len, block)) for block in blocks]
    takes_s = [size / keys_per_s for size in sizes]

    @cache
    def painted(*typed: int) -> np.ndarray:
        image = Image.new("RGB", (canvas.width_px, canvas.height_px), (250, 250, 246))
        draw = ImageDraw.Draw(image)
        for number, (keys, block) in enumerate(zip(typed, blocks, strict=True)):
            for row, line in enumerate(block):
                at = (30 + 300 * (number % 2)) * k, (20 + 90 * (number // 2) + 20 * row) * k
                draw.text(at, line[: max(0, keys)], (30, 30, 40), font)
                keys -= len(line)
        return np.asarray(image)

    def paint(time_s: float) -> np.ndarray:
        typed = (int(max(0.0, time_s - start_s) * keys_per_s) for start_s in starts_s)
        return painted(*(min(keys, size) for keys, size in zip(typed, sizes, strict=True)))

    truth = [change(s, s + takes, "build") for s, takes in zip(starts_s, takes_s, strict=True)]
    return Scene(paint, starts_s[-1] + takes_s[-1] + 6.0, truth)


def scrolling(canvas: Canvas, jumps: list[tuple[float, float, int]], duration_s: float) -> Scene:
    """A long page moved by rows (time_s, takes_s, to pixel at scale 1); `takes_s` 0 is a jump."""
    rng = np.random.default_rng(4)
    k = canvas.scale
    page = Image.new("RGB", (canvas.width_px, int(2400 * k)), (252, 252, 252))
    draw = ImageDraw.Draw(page)
    for row in range(100):
        draw.text((30 * k, row * 24 * k), " ".join(rng.choice(WORDS, 9)), (20, 20, 20), canvas.font(14))
    pixels = np.asarray(page)

    def paint(time_s: float) -> np.ndarray:
        top = 0.0
        for start_s, takes_s, to in jumps:
            if time_s >= start_s:
                share = 1.0 if takes_s == 0 else min(1.0, (time_s - start_s) / takes_s)
                top += (to - top) * share
        y = int(top * k)
        return pixels[y : y + canvas.height_px]

    return Scene(paint, duration_s, [change(t, t + takes, "scroll") for t, takes, _ in jumps])


def whiteboard(canvas: Canvas, duration_s: float = 40.0) -> Scene:
    """Words written stroke by stroke by someone who stands before them and steps aside after each line."""
    rng = np.random.default_rng(11)
    k = canvas.scale
    lines = [" ".join(rng.choice(WORDS, 3)) for _ in range(4)]
    person = texture(8, int(220 * k), int(80 * k), int(16 * k))
    each_s = duration_s / 4

    def paint(time_s: float) -> np.ndarray:
        image = Image.new("RGB", (canvas.width_px, canvas.height_px), (225, 228, 230))
        draw = ImageDraw.Draw(image)
        x = 540.0
        for index, line in enumerate(lines):
            part = (time_s - index * each_s) / each_s
            shown = line[: int(len(line) * min(1.0, max(0.0, (part - 0.1) / 0.5)))]
            y = (40 + 70 * index) * k
            draw.text((40 * k, y), shown, (30, 40, 120), canvas.font(30))
            if 0 <= part < 1:
                x = (
                    60 + draw.textlength(shown, canvas.font(30)) / k
                    if 0.1 < part < 0.6
                    else 520 + 20 * math.sin(time_s)
                )
        out = np.asarray(image).copy()
        _paste(out, np.roll(person, int(time_s * 8) % 5, axis=0), int(x * k), int((130 + 6 * math.sin(time_s * 2)) * k))
        return out

    truth = [change((i + 0.1) * each_s, (i + 0.7) * each_s, "build") for i in range(4)]
    return Scene(paint, duration_s, truth)


def talking_head(canvas: Canvas, duration_s: float) -> Scene:
    """Someone before a wall filling half of the picture, and nothing to read."""
    k = canvas.scale
    wall = texture(13, canvas.height_px, canvas.width_px, int(40 * k))
    body = texture(14, int(330 * k), int(260 * k), int(20 * k))

    def paint(time_s: float) -> np.ndarray:
        out = wall.copy()
        clock = time_s - 0.98 * math.sin(time_s * 0.7) / 0.7
        _paste(out, body, int((190 + 40 * math.sin(clock * 0.9)) * k), int((70 + 8 * math.sin(clock * 2.2)) * k))
        return out

    return Scene(paint, duration_s)


def film(canvas: Canvas, cuts_s: list[float], duration_s: float) -> Scene:
    """A camera that pans all the time, with cuts."""
    plates = [texture(20 + i, canvas.height_px * 2, canvas.width_px * 2, 14) for i in range(len(cuts_s) + 1)]

    def paint(time_s: float) -> np.ndarray:
        plate = plates[sum(time_s >= cut for cut in cuts_s)]
        y = int(canvas.height_px * (0.5 + 0.45 * math.sin(time_s * 0.35)))
        x = int(canvas.width_px * (0.5 + 0.45 * math.sin(time_s * 0.5)))
        return plate[y : y + canvas.height_px, x : x + canvas.width_px]

    return Scene(paint, duration_s, [change(cut, kind="scene") for cut in cuts_s])


def _paste(out: np.ndarray, picture: np.ndarray, x: int, y: int) -> None:
    height, width = out.shape[:2]
    x0, y0, x1, y1 = max(0, x), max(0, y), min(width, x + picture.shape[1]), min(height, y + picture.shape[0])
    if x1 > x0 and y1 > y0:
        out[y0:y1, x0:x1] = picture[y0 - y : y1 - y, x0 - x : x1 - x]
