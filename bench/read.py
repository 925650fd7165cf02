"""How well and how cheaply pictures are read: character error rate and CPU seconds per slide, and false text in film.

    python bench/read.py [--json out.json]

Slides are drawn (light and dark, small code, pale grey, dense text, tables), some pressed through JPEG; film frames
come from ../shared/data. The usual call of RapidOCR is measured beside ours. CPU seconds are user + system, one thread.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from report import DATA, ROOT, Table, finish, options
from seehear.backends.ocr import PPOcr
from seehear.media.decode import frames_at

FILMS = {
    "big buck bunny": DATA / "videos" / "nospeech_big_buck_bunny_small.mp4",
    "fades": DATA / "scenes" / "pyscenedetect" / "fades.mp4",
}
FONTS = ROOT / "src" / "seehear" / "data" / "fonts"
SANS, MONO = FONTS / "IBMPlexSans-Variable.ttf", FONTS / "IBMPlexMono-Regular.ttf"
Rgb = NDArray[np.uint8]
Writing = list[tuple[int, int, int, str, Path]]
"""Entries of left, top and type size in pixels of a 1280 × 720 slide, text, font."""

CODE = '''def factorial(n):
    """Return n! for n >= 0."""
    if n <= 1:
        return 1
    return n * factorial(n - 1)

class Stack:
    def __init__(self, items=None):
        self._items = list(items or [])
    def push(self, item: int) -> None:
        self._items.append(item)
        print(f"pushed {item!r}")

for i in range(10):
    total += values[i] ** 2  # squares
result = {"name": "Ada", "age": 36}'''.splitlines()
BULLETS = [
    "• A function is a named piece of work", "• It takes parameters and returns a value",
    "• Call it as often as you like: it never tires", "• The name says what it does, not how",
    "• Default values make a parameter optional, e.g. size=10",
]  # fmt: skip
PROSE = [
    "Sequence models trained on many hours of weakly labelled audio reach robust accuracy",
    "across domains without any fine tuning. They transcribe, translate and identify languages",
    "with one set of weights. The encoder reads a log Mel spectrogram of thirty seconds and",
    "the decoder predicts text tokens one after another until it emits the end token. Earlier",
    "systems needed a pronunciation dictionary, an acoustic model and a language model that",
]
TABLE = [
    ["Algorithm", "Best", "Average", "Worst"],
    ["Bubble sort", "O(n)", "O(n^2)", "O(n^2)"],
    ["Merge sort", "O(n log n)", "O(n log n)", "O(n log n)"],
    ["Heap sort", "O(n log n)", "O(n log n)", "O(n log n)"],
]


def column(lines: list[str], *, type_px: int, pitch_px: int, font: Path) -> Writing:
    return [(90, 150 + i * pitch_px, type_px, line, font) for i, line in enumerate(lines) if line.strip()]


SLIDES: dict[str, Writing] = {
    "bullets": column(BULLETS, type_px=30, pitch_px=80, font=SANS),
    "code 22 px": column(CODE, type_px=22, pitch_px=33, font=MONO),
    "code 15 px": column(CODE, type_px=15, pitch_px=24, font=MONO),
    "dense 20 px": column(PROSE * 2, type_px=20, pitch_px=32, font=SANS),
    "print 11 px": column(PROSE, type_px=11, pitch_px=26, font=SANS),
    "table": [
        (100 + c * 280, 160 + r * 80, 26, cell, SANS) for r, row in enumerate(TABLE) for c, cell in enumerate(row)
    ],
}
LOOKS = {
    "light": ((255, 255, 255), (20, 20, 20)),
    "dark": ((24, 26, 32), (225, 225, 225)),
    "pale": ((255,) * 3, (165,) * 3),
}


def draw(
    name: str, writing: Writing, look: str, *, width_px: int = 1280, quality: int | None = None
) -> tuple[Rgb, list[str]]:
    paper, ink = LOOKS[look]
    scale = width_px / 1280
    image = Image.new("RGB", (width_px, width_px * 9 // 16), paper)
    pen = ImageDraw.Draw(image)
    everything = [(80, 50, 44, f"About {name}", SANS), *writing]
    for left, top, type_px, text, font in everything:
        pen.text((left * scale, top * scale), text, font=ImageFont.truetype(font, round(type_px * scale)), fill=ink)
    if quality is not None:
        packed = io.BytesIO()
        image.save(packed, "JPEG", quality=quality)
        image = Image.open(packed)
    return np.asarray(image.convert("RGB")), [" ".join(text.split()) for *_, text, _ in everything]


def edits(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        new = [i]
        for j, y in enumerate(b, 1):
            new.append(min(row[j] + 1, new[-1] + 1, row[j - 1] + (x != y)))
        row = new
    return row[-1]


def errors(truth: list[str], found: list[str]) -> int:
    """Edits between each true line and the nearest line found; what was found besides counts in full."""
    left = list(found)
    count = 0
    for line in truth:
        nearest = min(left, key=lambda one: edits(line, one), default="")
        if edits(line, nearest) < 0.8 * len(line):
            left.remove(nearest)
            count += edits(line, nearest)
        else:
            count += len(line)
    return count + sum(map(len, left))


def cpu_s() -> float:
    used = os.times()
    return used.user + used.system


def usual() -> Callable[[Rgb], list[str]]:
    import rapidocr

    engine = rapidocr.RapidOCR(
        params={"Global.log_level": "critical", "EngineConfig.onnxruntime.intra_op_num_threads": 1}
    )

    def read(rgb: Rgb) -> list[str]:
        found = engine(np.ascontiguousarray(rgb[..., ::-1]))
        return list(found.txts or ())

    return read


def ours() -> Callable[[Rgb], list[str]]:
    reader = PPOcr()
    return lambda rgb: [line.text for line in reader.read(rgb).lines]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one way to read made of all slides, by slide: the share of letters that are wrong, and CPU seconds."""

    wrong: dict[str, float]
    cpu_s: dict[str, float]
    all_wrong: float
    invented: dict[str, list[str]]
    """What it read in film that shows no text, by film."""


def measured(read: Callable[[Rgb], list[str]], cases: dict[str, tuple[Rgb, list[str]]]) -> Reading:
    read(np.full((90, 160, 3), 255, dtype=np.uint8))
    wrong, spent = {}, {}
    edited = letters = 0
    for name, (rgb, truth) in cases.items():
        start_s = cpu_s()
        found = read(rgb)
        spent[name] = cpu_s() - start_s
        bad, size = errors(truth, [" ".join(line.split()) for line in found]), sum(map(len, truth))
        wrong[name] = bad / size
        edited, letters = edited + bad, letters + size
    invented = {
        name: [line for frame in frames_at(path, tuple(0.25 + 0.5 * i for i in range(8)), on_gap=lambda gap: None)
               for line in read(frame.rgb)]
        for name, path in FILMS.items() if path.is_file()
    }  # fmt: skip
    return Reading(wrong, spent, edited / letters, invented)


def main() -> None:
    chosen = options(__doc__, lecture=False).parse_args()
    cases = {f"{name}, {look}": draw(name, w, look) for name, w in SLIDES.items() for look in LOOKS}
    cases |= {f"{name}, light, JPEG 40": draw(name, w, "light", quality=40) for name, w in SLIDES.items()}
    cases |= {f"{name}, dark, 1080p": draw(name, w, "dark", width_px=1920) for name, w in SLIDES.items()}
    found = {name: measured(make(), cases) for name, make in (("seehear", ours), ("RapidOCR as it comes", usual))}
    table = Table(f"Reading {len(cases)} slides: letters that are wrong, CPU seconds")

    def both(of: Callable[[Reading], str]) -> str:
        return "; ".join(f"{name} {of(reading)}" for name, reading in found.items())

    mean_s = {name: sum(r.cpu_s.values()) / len(cases) for name, r in found.items()}
    table.add("all, on average", both(lambda r: f"{100 * r.all_wrong:.2f} %"))
    table.add("CPU seconds a slide", "; ".join(f"{name} {each:.2f}" for name, each in mean_s.items()))
    table.add("as a ratio", f"{mean_s['seehear'] / mean_s['RapidOCR as it comes']:.2f}")
    for case in cases:
        table.add(case, both(lambda r, case=case: f"{100 * r.wrong[case]:.1f} %, {r.cpu_s[case]:.2f} s"))
    for film in FILMS:
        table.add(
            f"read in film without text: {film}", both(lambda r, film=film: str(r.invented.get(film, "not there")))
        )
    finish([table], chosen.json)


if __name__ == "__main__":
    main()
