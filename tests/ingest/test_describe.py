"""What is put before a model that sees: each slide once, when it is complete; and what comes back is kept."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from seehear.backends.protocols import Card, OnDescribed
from seehear.errors import BackendUnavailableError
from seehear.ingest.cache import StageCache
from seehear.ingest.describe import describe
from seehear.ingest.lines import Shown, frame_name, lines
from seehear.media.picture import save_picture
from seehear.spans import Span
from seehear.store import Store
from seehear.values import Description, Frames, Gap, SamplePoint, Screen, Sight, TextLine

TITLE = "Functions"
BULLETS = ("A function is a named piece of work", "It is called by its name", "It may give something back")


def screen(*texts: str) -> Screen:
    rows = [TextLine(text, (80, 60 + 80 * n, 80 + 14 * len(text), 100 + 80 * n)) for n, text in enumerate(texts)]
    return Screen(tuple(rows), 1280, 720)


def shown(screens: Sequence[Screen], folder: Path) -> list[Shown]:
    points = [SamplePoint(10.0 * n, Span(10.0 * n, 10.0 * n + 10), "slide") for n in range(len(screens))]
    for point in points:
        save_picture(np.zeros((36, 64, 3), np.uint8), folder / frame_name(point.time_s))
    return lines(points, {point.time_s: screen for point, screen in zip(points, screens, strict=True)})


class Watcher:
    """A describer that remembers what it was shown; it fails when it is told to."""

    card = Card("watcher", ("describe",), "server", images_per_request=2)

    def __init__(self, fails_after: int = 1000) -> None:
        self.seen: list[Sight] = []
        self._left = fails_after

    def describe(
        self, sights: Sequence[Sight], *, question: str = "", on_described: OnDescribed | None = None
    ) -> list[Description | Gap]:
        for sight in sights:
            if not self._left:
                raise BackendUnavailableError("gone")
            self._left -= 1
            self.seen.append(sight)
            assert on_described is not None
            on_described(sight, Description(sight.time_s, "A slide."))
        return []

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def cache(tmp_path: Path) -> StageCache:
    return StageCache(Store(tmp_path / "home"), "m" * 64)


def run(entries: Sequence[Shown], watcher: Watcher, cache: StageCache, folder: Path) -> list[float]:
    found, gaps = describe(entries, watcher, cache=cache, folder=folder, on_progress=lambda n, of: None)
    assert gaps == []
    return sorted(found)


def test_a_slide_that_is_built_up_is_described_once_when_it_is_complete(cache: StageCache, tmp_path: Path) -> None:
    built = [screen(TITLE, *BULLETS[: n + 1]) for n in range(3)]
    entries = shown([*built, screen("Loops", "A loop repeats the same lines")], tmp_path)
    watcher = Watcher()
    assert run(entries, watcher, cache, tmp_path) == [20.0, 30.0]
    complete, other = watcher.seen
    assert all(bullet in complete.read for bullet in BULLETS)
    assert all(bullet in complete.changed for bullet in BULLETS), "what came since the last picture that was described"
    assert BULLETS[0] not in other.read


def test_what_goes_away_is_described_before_it_does(cache: StageCache, tmp_path: Path) -> None:
    entries = shown([screen(TITLE, BULLETS[0]), screen(TITLE, BULLETS[1]), screen(TITLE, BULLETS[2])], tmp_path)
    assert run(entries, Watcher(), cache, tmp_path) == [0.0, 10.0, 20.0]


def test_another_slide_that_repeats_the_words_is_another_slide(cache: StageCache, tmp_path: Path) -> None:
    entries = shown([screen("Bees"), screen("Loops and whales", "Bees")], tmp_path)
    assert run(entries, Watcher(), cache, tmp_path) == [0.0, 10.0]


def test_pictures_without_text_are_all_described(cache: StageCache, tmp_path: Path) -> None:
    assert run(shown([screen(), screen(), screen()], tmp_path), Watcher(), cache, tmp_path) == [0.0, 10.0, 20.0]


def test_moving_shots_go_as_film_to_a_model_that_takes_it(cache: StageCache, tmp_path: Path) -> None:
    entries = shown([screen(), screen(TITLE, *BULLETS)], tmp_path)
    asked: list[Span] = []

    def film(span: Span) -> Frames:
        asked.append(span)
        return Frames(np.zeros((4, 36, 64, 3), np.uint8), np.arange(4) / 2)

    class Cinema(Watcher):
        def takes(self, kind: str) -> bool:
            return kind == "film"

    for watcher, films in ((Watcher(), [False, False]), (Cinema(), [True])):
        describe(entries, watcher, cache=cache, folder=tmp_path, on_progress=lambda n, of: None, film=film)
        assert [sight.film is not None for sight in watcher.seen] == films, "what was described as a picture is again"
    assert asked == [Span(0.0, 10.0)]


def test_what_was_described_is_kept_when_the_server_goes_away(cache: StageCache, tmp_path: Path) -> None:
    entries = shown([screen(f"Slide {name}", f"all about {name}") for name in ("bees", "loops", "whales")], tmp_path)
    with pytest.raises(BackendUnavailableError):
        run(entries, Watcher(fails_after=2), cache, tmp_path)
    again = Watcher()
    assert run(entries, again, cache, tmp_path) == [0.0, 10.0, 20.0]
    assert [sight.time_s for sight in again.seen] == [20.0]
    third = Watcher()
    run(entries, third, cache, tmp_path)
    assert third.seen == []
