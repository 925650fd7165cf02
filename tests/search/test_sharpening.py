"""What weighing again relies on: rare words count more, neighbours lend theirs, and the rest stays below."""

from pathlib import Path

import numpy as np
import pytest

from seehear.backends.protocols import Embedder
from seehear.search import Weights, find
from seehear.search.features import strengths
from seehear.search.matching import Meeting
from seehear.search.passages import cut_up, vectors
from seehear.search.pool import Pool
from seehear.search.route import read_question
from seehear.spans import Span
from seehear.store import Store
from seehear.timeline import Timeline
from seehear.units import Unit
from seehear.values import Event, Media
from tests.talks import speech, talk


def _store(folder: pytest.TempPathFactory, minilm: Embedder, *timelines: Timeline) -> Store:
    store = Store(folder.mktemp("sharp"))
    for timeline in timelines:
        made = cut_up(timeline)
        store.put_timeline(timeline, made, embedder=minilm.card.name, unit_vectors=vectors(made, minilm))
    return store


def test_a_rare_word_that_is_met_counts_more_than_a_common_one() -> None:
    meeting = Meeting(("what", "do", "bees", "?"), np.asarray([[1, 0], [1, 0], [0, 1], [1, 0]], np.float32))
    common, rare = meeting.fit({"bee": 3.0})
    assert rare > 2 * common


def test_words_alone_weigh_alike_when_none_is_known() -> None:
    meeting = Meeting(("a", "b"), np.asarray([[1.0], [0.0]], np.float32))
    assert meeting.fit({})[0] == pytest.approx(0.5)


def test_an_answer_in_two_sentences_is_found(tmp_path_factory: pytest.TempPathFactory, minilm: Embedder) -> None:
    lines = [
        "The kettle stands on the stove in the kitchen.",
        "Plants need light and water to grow.",
        "Please look at the garden hose for a moment.",
        "If it freezes in winter, the water inside turns to ice and splits it.",
        "Seeds are sown in spring.",
        "A lawn is mown every week in summer.",
    ]  # fmt: skip
    timeline = speech("garden", [(10.0 * i, line) for i, line in enumerate(lines)])
    with _store(tmp_path_factory, minilm, timeline) as store:
        question = "what happens to the garden hose when it freezes?"
        first = find(store, minilm, read_question(question), query=question, limit=1).moments[0]
    assert first.start_s in (20.0, 30.0)


def test_the_parts_of_a_score_add_up_to_it(tmp_path_factory: pytest.TempPathFactory, minilm: Embedder) -> None:
    with _store(tmp_path_factory, minilm, talk(), talk("other")) as store:
        for media in (None, [talk().media.id]):
            found = find(store, minilm, read_question("what is recursion?"), query="what is recursion?", media=media)
            for moment, parts in zip(found.moments, found.parts, strict=True):
                assert sum(parts.values()) == pytest.approx(moment.score, abs=1e-4)


def test_scores_fall_from_moment_to_moment_also_beyond_those_weighed_again(
    tmp_path_factory: pytest.TempPathFactory, minilm: Embedder
) -> None:
    with _store(tmp_path_factory, minilm, talk()) as store:
        question = "what is a function?"
        few = find(store, minilm, read_question(question), query=question, weights=Weights(looked_at=2), limit=10)
    scores = [moment.score for moment in few.moments]
    assert scores == sorted(scores, reverse=True)


def test_a_recording_that_fits_in_several_places_is_stronger() -> None:
    unit = Unit("transcript", Span(0, 1), "x")
    keys = ((1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2))
    pool = Pool(keys, (unit,) * 6, ((),) * 6, (frozenset(),) * 6, ((0, 1, 2), (3, 4, 5)), None)
    cosine = np.asarray([0.6, 0.1, 0.1, 0.6, 0.5, 0.5], np.float32)
    strong = strengths(pool, cosine, np.zeros(6, np.float32))
    assert strong[3] > strong[0]
    assert strong[0] == strong[1] == strong[2]


@pytest.mark.parametrize(
    ("question", "start_s"), [("what data types are there?", 20.0), ("what is on the summary slide?", 60.0)]
)
def test_a_slide_that_only_names_a_topic_stands_behind_one_that_treats_it(
    tmp_path_factory: pytest.TempPathFactory, minilm: Embedder, question: str, start_s: float
) -> None:
    slides = [
        (0.0, "Agenda", "Agenda\n- Data types\n- Loops"),
        (20.0, "Types", "Data types\n- int counts\n- float measures\n- str holds text"),
        (40.0, "Loops", "Loops\n- for and while"),
        (60.0, "Summary", "Summary\n- Values have data types"),
    ]
    events = [
        Event(Span(at, at + 20.0), "visual", text, "test", title=title, screen=text, reason="slide")
        for at, title, text in slides
    ]
    media = Media("types".ljust(64, "0"), Path("types.mp4"), "types", "video", 80.0, 1, has_video=True)
    with _store(tmp_path_factory, minilm, Timeline.build(media, events)) as store:
        first = find(store, minilm, read_question(question), query=question, limit=1).moments[0]
    assert first.start_s == start_s
