"""What users rely on: a bullet that is added is read where it appeared, and nothing that stood before is lost."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from seehear.ingest.band import band_to_read
from seehear.ingest.signature import signature
from seehear.values import Screen, TextLine

HEIGHT, WIDTH = 720, 1280
BULLETS = ["Values have types", "Variables name them", "Functions take arguments"]


def slide(*lines: str) -> np.ndarray:
    picture = Image.new("RGB", (WIDTH, HEIGHT), (250, 250, 246))
    for row, line in enumerate(lines):
        ImageDraw.Draw(picture).text((80, 60 + 80 * row), line, (30, 30, 40), ImageFont.load_default(36))
    return np.asarray(picture)


def read_on(*lines: str) -> Screen:
    boxes = [(80.0, 60.0 + 80 * row, 700.0, 100.0 + 80 * row) for row in range(len(lines))]
    return Screen(tuple(TextLine(line, box) for line, box in zip(lines, boxes, strict=True)), WIDTH, HEIGHT)


def test_an_added_line_is_read_where_it_is_and_the_others_stay() -> None:
    before, after = slide(*BULLETS[:2]), slide(*BULLETS)
    band = band_to_read(signature(after), signature(before), read_on(*BULLETS[:2]))
    assert band is not None
    seen: list[tuple[int, ...]] = []

    def read(rgb: np.ndarray) -> Screen:
        seen.append(rgb.shape)
        top = 220.0 - band.read_from_px
        # The line above is read again, as it lies within the rows around the band; that must not double it.
        lines = (TextLine(BULLETS[1], (80, top - 80, 700, top - 40)), TextLine(BULLETS[2], (80, top, 700, top + 40)))
        return Screen(lines, WIDTH, rgb.shape[0])

    screen = band.read(after, read_on(*BULLETS[:2]), read)
    assert seen[0][0] < 0.6 * HEIGHT and seen[0][1] == WIDTH
    assert [line.text for line in screen.lines] == BULLETS
    assert screen.lines[2].box_px == (80, 220, 700, 260)
    assert (screen.width_px, screen.height_px) == (WIDTH, HEIGHT)


def test_a_line_that_changed_is_read_anew_and_one_that_went_is_gone() -> None:
    before, after = slide(*BULLETS), slide(BULLETS[0], "Something else")
    band = band_to_read(signature(after), signature(before), read_on(*BULLETS))
    assert band is not None
    new = TextLine("Something else", (80, 140.0 - band.read_from_px, 400, 180.0 - band.read_from_px))
    screen = band.read(after, read_on(*BULLETS), lambda rgb: Screen((new,), WIDTH, rgb.shape[0]))
    assert [line.text for line in screen.lines] == [BULLETS[0], "Something else"]


def test_a_new_slide_is_read_as_a_whole() -> None:
    before, after = slide(*BULLETS), slide(*(f"Line {n} of another slide" for n in range(8)))
    assert band_to_read(signature(after), signature(before), read_on(*BULLETS)) is None
