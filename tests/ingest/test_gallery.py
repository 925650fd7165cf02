"""The same picture is found again, whenever pictures come and however many there are."""

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seehear.backends.protocols import Card
from seehear.ingest import stages
from seehear.ingest.cache import StageCache
from seehear.ingest.gallery import Gallery
from seehear.ingest.signature import COLUMNS, ROWS, SAME_LEVELS, same
from seehear.spans import Span
from seehear.store import Store
from seehear.values import Media, SamplePoint, Screen


def mark_of(number: int, wobble: int) -> np.ndarray:
    """One of a few pictures, encoded once more: each cell off by up to half of what is still the same."""
    cells = np.random.default_rng(number).integers(20, 230, (ROWS, COLUMNS))
    noise = np.random.default_rng(wobble).integers(-SAME_LEVELS // 2, SAME_LEVELS // 2 + 1, cells.shape)
    return (cells + noise).astype(np.uint8)


@settings(max_examples=40, deadline=None)
@given(
    order=st.permutations(range(8)),
    numbers=st.lists(st.integers(0, 3), min_size=8, max_size=8),
    shift=st.integers(-SAME_LEVELS - 1, SAME_LEVELS + 1),
)
def test_a_twin_is_the_last_earlier_picture_that_is_the_same(order: list[int], numbers: list[int], shift: int) -> None:
    marks = [mark_of(number, place) for place, number in enumerate(numbers)]
    # A picture that is brighter all over by just so much, or just too much.
    marks[3] = (mark_of(numbers[2], 2).astype(int) + shift).astype(np.uint8)
    gallery = Gallery(float(t) for t in range(8))
    there: list[int] = []
    for place in order:
        earlier = sorted((t for t in there if t < place), reverse=True)
        wanted = next((float(t) for t in earlier if same(marks[t], marks[place])), None)
        assert gallery.twin(float(place), marks[place]) == wanted
        assert gallery.before(float(place)) == (float(earlier[0]) if earlier else None)
        gallery.add(float(place), marks[place])
        there.append(place)


class Blank:
    """A reader that finds nothing, at once."""

    card = Card("blank", ("read",), "here")

    def read(self, rgb: np.ndarray) -> Screen:
        return Screen((), COLUMNS, ROWS)

    def close(self) -> None: ...


def test_thousands_of_pictures_are_told_apart_in_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 2500
    random = np.random.default_rng(0)
    slides = random.integers(0, 255, (count, ROWS // 15, COLUMNS // 16, 1), np.uint8)

    def pictures(media: Media, times_s: list[float], **options: object) -> object:
        for time_s in times_s:
            rgb = slides[int(time_s)].repeat(15, 0).repeat(16, 1).repeat(3, 2)
            yield time_s, rgb

    monkeypatch.setattr(stages, "pictures", pictures)
    monkeypatch.setattr("seehear.media.picture.save_picture", lambda *given: None)
    points = [SamplePoint(float(i), Span(float(i), i + 1.0), "uniform") for i in range(count)]
    media = Media("a" * 64, Path("long.mp4"), "long", "video", float(count), 1)
    began = time.process_time()
    with Store(tmp_path) as store:
        monkeypatch.setattr(store, "cache_put", lambda *given, **named: None)
        screens, gaps = stages.read_points(
            media, points, Blank(), cache=StageCache(store, media.id), folder=tmp_path, on_progress=lambda n, of: None
        )
    assert (len(screens), gaps) == (count, [])
    assert time.process_time() - began < 12.0, "each picture is compared with every one before"
