"""Times are printed as players show them, and read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seehear.errors import InputError
from seehear.spans import Span, clock, parse_clock


@pytest.mark.parametrize(
    ("time_s", "printed"),
    [(0, "0:00"), (59.999, "0:59"), (59.9999, "1:00"), (100, "1:40"), (3599.2, "59:59"), (3600, "1:00:00"),
     (86399, "23:59:59")],
)  # fmt: skip
def test_a_clock_shows_the_second_that_has_begun(time_s: float, printed: str) -> None:
    assert clock(time_s) == printed


@given(st.integers(min_value=0, max_value=200_000))
def test_whole_seconds_survive_printing_and_reading(time_s: int) -> None:
    assert parse_clock(clock(time_s)) == time_s


@pytest.mark.parametrize(("text", "time_s"), [("90", 90), ("1:30.5", 90.5), ("1:02:03", 3723), ("12.5s", 12.5)])
def test_times_are_read_in_every_usual_way(text: str, time_s: float) -> None:
    assert parse_clock(text) == time_s


@pytest.mark.parametrize("text", ["", "soon", "1:60:00:00", "-5"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a time"):
        parse_clock(text)


def test_a_span_is_half_open() -> None:
    span = Span(1.0, 2.0)
    assert span.contains(1.0)
    assert not span.contains(2.0)
    assert span.overlap_s(Span(2.0, 3.0)) == 0
    assert span.overlap_s(Span(1.5, 3.0)) == 0.5


@pytest.mark.parametrize(("start_s", "end_s"), [(2.0, 1.0), (float("nan"), 1.0), (0.0, float("inf"))])
def test_a_span_that_cannot_be_is_refused(start_s: float, end_s: float) -> None:
    with pytest.raises(InputError):
        Span(start_s, end_s)
