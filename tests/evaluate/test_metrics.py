"""Each number as docs/evaluating.md defines it, on cases that can be counted by hand."""

import math
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seehear.evaluate.metrics import compare_rows, summarise
from seehear.evaluate.paired import EXACT, compare
from seehear.evaluate.places import distance_s, iou, lecture_at, moment_at, ndcg, reciprocal_rank, start_at_1
from seehear.evaluate.question import Question
from seehear.evaluate.scored import Scored
from seehear.evaluate.token_f1 import bare, token_f1, token_recall, tokens
from seehear.spans import Span
from seehear.values import Moment


def at(start_s: float, end_s: float, media: str = "right") -> Moment:
    return Moment(media, media, Span(start_s, end_s), "transcript", "", 1.0)


GOLD = (Span(100, 120), Span(300, 310))


def test_ranks_are_counted_from_the_first_moment() -> None:
    found = [at(100, 110, "other"), at(0, 50), at(110, 140), at(300, 305)]
    assert lecture_at(found, "right", 1) == 0.0
    assert lecture_at(found, "right", 5) == 1.0
    assert [moment_at(found, "right", GOLD, k) for k in (1, 2, 3)] == [0.0, 0.0, 1.0]
    assert reciprocal_rank(found, "right", GOLD) == pytest.approx(1 / 3)
    assert reciprocal_rank([], "right", GOLD) == 0.0


def test_touching_is_not_overlapping() -> None:
    assert moment_at([at(120, 130)], "right", GOLD, 1) == 0.0
    assert moment_at([at(119.9, 130)], "right", GOLD, 1) == 1.0


def test_only_the_first_ten_count() -> None:
    late = [at(0, 1)] * 10 + [at(100, 110)]
    assert reciprocal_rank(late, "right", GOLD) == ndcg(late, "right", GOLD) == 0.0


def test_a_start_may_be_five_seconds_early_and_never_late() -> None:
    for start_s, right in ((94.9, 0.0), (95.0, 1.0), (120.0, 1.0), (120.1, 0.0), (300.0, 1.0)):
        assert start_at_1([at(start_s, start_s + 60)], "right", GOLD) == right, start_s
    assert start_at_1([at(100, 110, "other")], "right", GOLD) == 0.0


def test_gain_is_discounted_and_each_place_is_gained_once() -> None:
    ideal = 1 / math.log2(2) + 1 / math.log2(3)
    assert ndcg([at(100, 110), at(300, 305)], "right", GOLD) == 1.0
    assert ndcg([at(100, 110), at(111, 119)], "right", GOLD) == pytest.approx(1 / ideal)
    assert ndcg([at(0, 1), at(300, 305)], "right", GOLD) == pytest.approx((1 / math.log2(3)) / ideal)


def test_overlap_over_union_takes_the_best_place_of_the_first_moment() -> None:
    assert iou([at(110, 130)], "right", GOLD) == pytest.approx(10 / 30)
    assert iou([at(300, 310)], "right", GOLD) == 1.0
    assert iou([at(0, 5), at(300, 310)], "right", GOLD) == 0.0
    assert iou([at(300, 310, "other")], "right", GOLD) == 0.0


def test_the_distance_is_to_the_nearest_edge_and_needs_the_right_recording() -> None:
    assert distance_s([at(90, 95)], "right", GOLD) == 10.0
    assert distance_s([at(110, 500)], "right", GOLD) == 0.0
    assert distance_s([at(130, 140)], "right", GOLD) == 10.0
    assert distance_s([at(110, 111, "other")], "right", GOLD) is None
    assert distance_s([], "right", GOLD) is None


SPANS = st.builds(lambda a, d: Span(a, a + d), st.floats(0, 1000), st.floats(0, 100))
MOMENTS = st.lists(
    st.builds(lambda s, m: at(s.start_s, s.end_s, m), SPANS, st.sampled_from(["right", "other"])), max_size=12
)


@settings(max_examples=200, deadline=None)
@given(MOMENTS, st.lists(SPANS, min_size=1, max_size=4))
def test_shares_stay_shares_and_grow_with_depth(found: list[Moment], gold: list[Span]) -> None:
    for number in (ndcg, iou, reciprocal_rank, start_at_1):
        assert 0.0 <= number(found, "right", gold) <= 1.0 + 1e-12
    hits = [moment_at(found, "right", gold, k) for k in (1, 5, 10)]
    assert hits == sorted(hits)
    assert (reciprocal_rank(found, "right", gold) == 1.0) == (hits[0] == 1.0)


def test_words_are_compared_without_case_marks_and_articles() -> None:
    assert tokens("The Room, B-204! [1:02]") == ["room", "b", "204"]
    assert tokens("Room B. (A title [1:02])") == ["room", "b"]
    assert token_f1("It is room B 204. [0:12]", "Room B 204.") == pytest.approx(2 * (3 / 5) * 1.0 / (3 / 5 + 1.0))
    assert token_recall("It is room B 204, on the first floor", "Room B 204") == 1.0
    assert token_f1("", "x") == token_f1("nothing shared", "other") == 0.0


def test_the_exact_test_counts_every_pattern_of_signs() -> None:
    differences = [3.0, 1.0, 2.0, -1.0]
    compared = compare(differences, [0.0] * 4)
    assert compared is not None
    sums = [abs(sum(s * d for s, d in zip(signs, differences, strict=True))) for signs in product((1, -1), repeat=4)]
    assert compared.p == pytest.approx(sum(s >= abs(sum(differences)) for s in sums) / 16)
    assert compared.difference == pytest.approx(1.25)


def test_drawn_patterns_give_what_all_patterns_give() -> None:
    few = [1.0] * (EXACT - 3) + [-1.0] * 3
    exact = compare(few, [0.0] * EXACT)
    more = compare([*few, 1e-12], [0.0] * (EXACT + 1))
    assert exact is not None
    assert more is not None
    assert exact.p == pytest.approx(more.p, abs=0.02)


def test_equal_runs_do_not_differ_and_clear_ones_do() -> None:
    same = compare([0.5] * 20, [0.5] * 20)
    assert same is not None
    assert (same.p, same.low, same.high) == (1.0, 0.0, 0.0)
    clear = compare([1.0] * 20, [0.0] * 19 + [1.0])
    assert clear is not None
    assert clear.p < 0.001
    assert clear.low > 0.5
    assert compare([], []) is None
    assert compare([1.0, 0.0] * 10, [0.0, 1.0] * 10) == compare([1.0, 0.0] * 10, [0.0, 1.0] * 10)


def scored(**scores: float) -> Scored:
    named = {name.replace("__", ".").replace("_at_", "@"): value for name, value in scores.items()}
    return Scored(Question("q"), "right", "", False, "", named)


def test_refusals_have_a_precision_and_a_recall() -> None:
    rows = [
        scored(refusal__right=1.0, refusal__refused_rightly=1.0, refusal__unanswerable_refused=1.0),
        scored(refusal__right=0.0, refusal__refused_rightly=0.0),
        scored(refusal__right=0.0, refusal__unanswerable_refused=0.0),
        scored(refusal__right=1.0),
    ]
    found = summarise(rows)
    assert found["refusal.right"] == 0.5
    assert found["refusal.precision"] == 0.5
    assert found["refusal.recall"] == 0.5
    assert "library.lecture@1" not in found


def test_percentiles_lie_between_ranks() -> None:
    rows = [scored(cost__total_s=float(s)) for s in (4, 1, 2, 3, 10)]
    found = summarise(rows)
    assert found["cost.total_s.median"] == 3.0
    assert found["cost.total_s.p90"] == pytest.approx(7.6)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Bees dance. [0:14] [1:02:03]", "Bees dance."),
        ("They have lungs. (Whales (part 2) [0:10])", "They have lungs."),
        (
            "They have lungs. (Whales (dQw4w9WgXcQ) [1:00:10]) (unconfirmed) They (all) eat.",
            "They have lungs. They (all) eat.",
        ),
        ("“Bees” is: (bees [0:00], [0:14] and 3 more)", "“Bees” is:"),
        ("Either :( or (both [0:10])", "Either :( or"),
    ],
)
def test_titles_and_times_printed_beside_sentences_do_not_count_as_words(text: str, left: str) -> None:
    assert bare(text) == left


def test_a_run_does_not_differ_from_itself_when_it_was_saved() -> None:
    """What is saved is rounded: differences of a billionth were reported as -0.000 with a p of their own."""
    scored = [
        Scored(Question(f"q{i}?", "talk", (Span(0.0, 1.0),)), "talk", "", False, "", {"recording.ndcg@10": 1 / (i + 3)})
        for i in range(6)
    ]
    saved = [replace(row, scores=row.as_json()["scores"]) for row in scored]
    assert saved != scored
    compared = compare_rows(scored, saved)["recording.ndcg@10"]
    assert (compared.difference, compared.p) == (0.0, 1.0)
