"""What is embedded when a timeline is put into the library, and what is not embedded again."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from seehear.backends.fake import Fake
from seehear.errors import CancelledError
from seehear.ingest.place import correct, only_one, place
from seehear.ingest.progress import Progress, Reporter
from seehear.store import Store
from tests.talks import speech


class Counting(Fake):
    """The fake embedder, with a list of all it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.seen += texts
        return super().embed(texts)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


LINES = [(0.0, "Bees dance."), (20.0, "They like flowers."), (70.0, "Whales sing."), (90.0, "They like krill.")]


def test_sentences_and_minutes_are_embedded_once_each(store: Store) -> None:
    embedder = Counting()
    for _ in range(2):
        place(store, speech("talk", LINES), embedder=lambda: embedder, reporter=Reporter())
    minutes = ["Bees dance. They like flowers.", "Whales sing. They like krill."]
    assert embedder.seen == [*(text for _, text in LINES), *minutes]
    (row,) = store.media()
    for number, vector in store.window_vectors(row.number).items():
        assert vector == pytest.approx(embedder.embed([minutes[number]])[0], abs=1e-3)


def test_a_correction_embeds_its_sentence_and_its_minute_alone(store: Store) -> None:
    embedder = Counting()
    timeline = speech("talk", LINES)
    place(store, timeline, embedder=lambda: embedder, reporter=Reporter())
    embedder.seen.clear()
    correct(store, timeline.media.id, 2, "Whales hum.", embedder=lambda: embedder)
    assert embedder.seen == ["Whales hum.", "Whales hum. They like krill."]


def test_who_waits_for_another_at_the_same_recording_is_told_and_can_stop(tmp_path: Path) -> None:
    told: list[Progress] = []

    def stop(progress: Progress) -> None:
        told.append(progress)
        reporter.stop()

    reporter = Reporter(stop)
    with only_one(tmp_path, "a", Reporter()):
        with pytest.raises(CancelledError), only_one(tmp_path, "a", reporter):
            pass
        with only_one(tmp_path, "b", Reporter(told.append)):
            pass
    assert [progress.stage for progress in told] == ["wait"]
