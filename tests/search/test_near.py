"""What lies near is found as if everything had been looked at, only sooner."""

import time

from hypothesis import given
from hypothesis import strategies as st

from seehear.search.near import Near
from seehear.search.passages import cut_up
from seehear.spans import Span
from tests.talks import shown_and_said

TIMES = st.integers(0, 30).map(float)
SPANS = st.tuples(TIMES, TIMES).map(lambda pair: Span(min(pair), max(pair)))


@given(st.lists(SPANS, max_size=12), SPANS)
def test_all_that_touch_are_found_in_order(spans: list[Span], one: Span) -> None:
    touch = [i for i, span in enumerate(spans) if span.start_s <= one.end_s and span.end_s >= one.start_s]
    found = Near(spans).touching(one)
    assert found == sorted(found)
    assert set(touch) <= set(found)


def test_of_spans_in_a_row_only_those_are_found() -> None:
    row = [Span(float(i), i + 1.0) for i in range(1000)]
    assert Near(row).touching(Span(500.5, 501.5)) == [500, 501]


def test_a_day_of_lectures_is_cut_up_in_seconds() -> None:
    count = 6000
    shown = [(10.0 * i, 10.0 * i + 10.0, f"Title {i}", f"Title {i}\nSlide {i} text") for i in range(count)]
    said = [(10.0 * i, f"We speak of thing {i}.") for i in range(count)]
    timeline = shown_and_said("day", shown, said, length_s=10.0 * count)
    began = time.process_time()
    made = cut_up(timeline)
    assert time.process_time() - began < 8.0
    assert len(made.units) == 2 * count
    assert made.units[-1].title == f"Title {count - 1}"
