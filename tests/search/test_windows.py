"""What is said in the minute around a sentence tells what it is about."""

import math

import numpy as np
import pytest

from seehear.search.windows import MANY, fits, windows
from seehear.spans import Span
from seehear.units import Unit


def said(start_s: float, text: str) -> Unit:
    return Unit("transcript", Span(start_s, start_s + 5.0), text)


def shown(start_s: float, text: str) -> Unit:
    return Unit("visual", Span(start_s, start_s + 5.0), text)


UNITS = (said(0.0, "One."), shown(10.0, "A slide"), said(55.0, "Two."), said(60.0, "Three."), shown(130.0, "Another"))
VECTORS = np.asarray([[1, 0], [0, 1], [0, 1], [0, 1], [1, 0]], np.float32)
ASKED = np.asarray([1, 0], np.float32)


def test_a_window_holds_what_is_said_in_a_minute_and_nothing_that_is_only_shown() -> None:
    assert windows(UNITS) == {0: "One. Two.", 1: "Three."}


STORED = {0: np.asarray([0.6, 0.8], np.float32), 1: np.asarray([0.2, 0.98], np.float32)}


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two windows are as good as many."""
    monkeypatch.setattr("seehear.search.windows.MANY", 2)


@pytest.mark.usefixtures("long")
def test_a_sentence_fits_as_the_minute_it_begins_in() -> None:
    found = fits(UNITS, VECTORS, STORED, ASKED)
    assert found[[0, 2, 3]] == pytest.approx([0.6, 0.6, 0.2], abs=1e-6)


@pytest.mark.usefixtures("long")
def test_what_is_shown_is_neither_helped_nor_hurt() -> None:
    found = fits(UNITS, VECTORS, STORED, ASKED)
    assert found[[1, 4]] == pytest.approx([0.4, 0.4], abs=1e-6)
    assert not fits(UNITS[1:2], VECTORS[1:2], {}, ASKED).any()


@pytest.mark.usefixtures("long")
def test_a_minute_that_was_not_embedded_is_the_mean_of_its_sentences() -> None:
    found = fits(UNITS, VECTORS, {}, ASKED)
    assert found[0] == pytest.approx(math.sqrt(0.5), abs=1e-6) and found[3] == pytest.approx(0.0, abs=1e-6)


def test_the_minutes_of_a_short_recording_count_less() -> None:
    assert fits(UNITS, VECTORS, STORED, ASKED)[0] == pytest.approx(0.6 * 2 / MANY, abs=1e-6)
