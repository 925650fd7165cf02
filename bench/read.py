"""How well and how cheaply pictures are read: character error rate and CPU seconds per slide, and false text in film.

    python bench/read.py [--json out.json]

Slides are drawn (light and dark, small code, pale grey, dense text, tables), some pressed through JPEG; film frames
come from ../shared/data. The usual call of RapidOCR is measured beside ours. CPU seconds are user + system, one thread.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from seehear.backends.ocr import PPOcr
from seehear.media.decode import frames_at

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    cases = {f"{name}, {look}": draw(name, w, look) for name, w in SLIDES.items() for look in LOOKS}
    cases |= {f"{name}, light, JPEG 40": draw(name, w, "light", quality=40) for name, w in SLIDES.items()}
    cases |= {f"{name}, dark, 1080p": draw(name, w, "dark", width_px=1920) for name, w in SLIDES.items()}
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    report: dict[str, object] = {
        "command": " ".join(sys.argv), "date": time.strftime("%Y-%m-%d"), "commit": commit.stdout.strip(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }  # fmt: skip
    films = {
        "big buck bunny": DATA / "videos" / "nospeech_big_buck_bunny_small.mp4",
        "fades": DATA / "scenes" / "pyscenedetect" / "fades.mp4",
    }
    for label, make in (("seehear", ours), ("RapidOCR as it comes", usual)):
        read = make()
        read(np.full((90, 160, 3), 255, dtype=np.uint8))
        rows: dict[str, object] = {}
        wrong = total = 0
        spent = 0.0
        for name, (rgb, truth) in cases.items():
            start = cpu_s()
            found = read(rgb)
            used = cpu_s() - start
            bad, size = errors(truth, [" ".join(line.split()) for line in found]), sum(map(len, truth))
            rows[name] = {"cer": round(bad / size, 4), "cpu_s": round(used, 2)}
            wrong, total, spent = wrong + bad, total + size, spent + used
        invented = {
            name: [line for frame in frames_at(path, tuple(0.25 + 0.5 * i for i in range(8)), on_gap=lambda gap: None)
                   for line in read(frame.rgb)]
            for name, path in films.items() if path.is_file()
        }  # fmt: skip
        report[label] = {
            "cer": round(wrong / total, 4), "cpu_s_per_slide": round(spent / len(cases), 2), "text in film": invented,
            "slides": rows,
        }  # fmt: skip
    text = json.dumps(report, indent=1, ensure_ascii=False)
    print(text)
    if chosen.json:
        chosen.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
