"""What the tests of answering share: a model that writes what it is told, libraries, the truth of times."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from seehear.backends.protocols import Card, Embedder, Message
from seehear.errors import BackendUnavailableError
from seehear.search.passages import cut_up, vectors
from seehear.spans import clock
from seehear.store import Store
from seehear.timeline import Timeline
from seehear.units import clean
from seehear.values import Answer

TIME = re.compile(r"\d{1,3}:\d{2}(?::\d{2})?")


class Scripted:
    """An answerer that writes what it is told to, in small pieces: the misbehaviour is the input under test.

    It gives one reply at a time, as models on this machine do.
    """

    def __init__(self, *replies: str) -> None:
        self.replies = list(replies)
        self.busy = False
        self.seen: list[Sequence[Message]] = []

    @property
    def card(self) -> Card:
        return Card(name="scripted", capabilities=("answer",), runs="here", streams=True)

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[str]:
        if self.busy:
            raise BackendUnavailableError("the model is busy with another answer")
        self.busy = True
        try:
            self.seen.append(messages)
            reply = self.reply(messages)
            yield from (reply[i : i + 3] for i in range(0, len(reply), 3))
        finally:
            self.busy = False

    def reply(self, messages: Sequence[Message]) -> str:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def count_tokens(self, text: str) -> int:
        return len(text) // 3

    def close(self) -> None:
        pass


@pytest.fixture
def library(tmp_path: Path, minilm: Embedder) -> Iterator[Callable[..., Store]]:
    """Make a library of the given timelines."""
    stores = []

    def make(*timelines: Timeline) -> Store:
        store = Store(tmp_path / f"home{len(stores)}")
        stores.append(store)
        for timeline in timelines:
            made = cut_up(timeline)
            store.put_timeline(timeline, made, embedder=minilm.card.name, unit_vectors=vectors(made, minilm))
        return store

    yield make
    for store in stores:
        store.close()


def assert_true(answer: Answer, *timelines: Timeline) -> None:
    """No printed time that is not on a timeline, and every quote is where it is said to be."""
    by_id = {timeline.media.id: timeline for timeline in timelines}
    known = {clock(event.span.start_s) for timeline in timelines for event in timeline.events}
    known |= {clock(timeline.media.duration_s) for timeline in timelines}
    known |= {t for timeline in timelines for event in timeline.events for t in TIME.findall(event.text)}
    assert set(TIME.findall(answer.text)) <= known, answer.text
    for citation in answer.citations:
        events = [e for e in by_id[citation.media].events if e.span.overlap_s(citation.span) > 0]
        there = [
            " ".join(" ".join(clean(e.text).split()) for e in events if e.kind == k) for k in ("visual", "transcript")
        ]
        assert any(" ".join(citation.quote.removesuffix("…").split()) in text for text in there)
