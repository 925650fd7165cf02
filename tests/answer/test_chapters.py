"""Chapters of speech: where they begin, how many there are, and what they are called."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from seehear.answer import ask
from seehear.answer.announcements import announced
from seehear.answer.outline import chapters, chapters_of, topics
from seehear.answer.phrases import Lexicon, phrases
from seehear.backends.protocols import Embedder
from seehear.search.passages import cut_up, vectors
from seehear.spans import Span
from seehear.store import Store
from seehear.timeline import Timeline
from seehear.values import Event, Media
from tests.talks import shown_and_said, speech

BREAD = (
    "Knead the dough well.", "The dough needs yeast and flour.", "Let the dough rest before baking bread.",
    "Bread rises in a warm oven.",
)  # fmt: skip
STARS = (
    "A star is a ball of hot gas.", "Stars burn hydrogen in their core.", "A telescope shows distant stars.",
    "The sun is a star too.",
)  # fmt: skip
BONDS = (
    "A bond is a loan to a government.", "Investors buy bonds for their interest.", "The interest is paid each year.",
    "Banks trade bonds and shares.",
)  # fmt: skip


def told(*subjects: tuple[str, ...], each: int = 16, every_s: float = 5.0) -> list[tuple[float, str]]:
    """Some sentences on each subject, one after the other."""
    texts = [subject[i % len(subject)] for subject in subjects for i in range(each)]
    return [(every_s * i, text) for i, text in enumerate(texts)]


def test_the_recording_decides_how_many_topics_it_has(minilm: Embedder) -> None:
    for subjects in ((BREAD, STARS), (BREAD, STARS, BONDS), (STARS, BONDS, STARS, BREAD)):
        timeline = speech("some", told(*subjects))
        made = cut_up(timeline)
        found = topics(timeline, made, vectors(made, minilm), minilm)
        assert [t.span.start_s for t in found] == [80.0 * i for i in range(len(subjects))]


def test_a_chapter_begins_with_the_sentence_that_opens_it(minilm: Embedder) -> None:
    lines = told(BREAD, STARS, BONDS)
    lines[15] = (75.0, "And then that is it.")
    lines[16] = (80.0, "Now let's go on, the next one is here.")
    starts = [chapter.span.start_s for chapter in chapters(speech("three", lines), minilm)]
    assert 80.0 in starts
    assert 75.0 not in starts


@pytest.mark.parametrize("with_vectors", [True, False])
def test_chapters_are_what_video_sites_take(minilm: Embedder, with_vectors: bool) -> None:
    embedder = minilm if with_vectors else None
    for lines in (told(BREAD), told(BREAD, STARS), told(BREAD, STARS, BONDS, each=100), told(BREAD, each=5)):
        found = chapters(speech("some", lines), embedder)
        assert found[0].span.start_s == 0.0
        assert len(found) >= (3 if lines[-1][0] > 45 else 1)
        assert len(found) <= 24
        assert all(chapter.span.duration_s >= 10 for chapter in found)
        assert all(a.span.end_s == b.span.start_s for a, b in pairwise(found))


def test_an_action_is_called_by_its_verb_and_object(minilm: Embedder) -> None:
    lines = [
        (0.0, "Next, you'll add a layer mask so that you can hide parts of the photo."),
        (6.0, "Select the layer and click the mask button."),
        (12.0, "To add a layer mask to another photo, do the same."),
        (18.0, "The mask hides what is black."),
        (60.0, "Now let's export the finished poster as a PDF."),
        (66.0, "Choose PDF from the menu and click OK."),
        (72.0, "You can export the finished poster for the web too."),
        (78.0, "The exported file is small."),
    ]
    timeline = speech("screencast", lines)
    made = cut_up(timeline)
    found = topics(timeline, made, vectors(made, minilm), minilm, fewest=2)
    assert [t.title for t in found][:1] == ["Add a layer mask"]
    assert found[-1].title.startswith("Export the finished poster")


def test_a_title_is_short_whole_and_keeps_the_case_of_names(minilm: Embedder) -> None:
    texts = [
        "So gonna fine-tune a BERT model with PyTorch today, okay.", "BERT reads a sentence in both directions.",
        "We fine-tune BERT with PyTorch in a training loop.", "The training loop of PyTorch goes over the batches.",
    ]  # fmt: skip
    found = chapters(speech("bert", [(6.0 * i, texts[i % 4]) for i in range(20)]), minilm)
    words = " ".join(chapter.title for chapter in found).split()
    assert {word for word in words if word.lower() == "bert"} <= {"BERT"}
    assert {word for word in words if word.lower() == "pytorch"} <= {"PyTorch"}
    assert {"BERT", "PyTorch"} & set(words)
    assert not {"gonna", "okay", "so"} & {word.lower() for word in words}
    assert all(1 <= len(chapter.title.split()) <= 6 for chapter in found)
    assert all(chapter.title.split()[-1].lower() not in ("the", "a", "of", "and", "with") for chapter in found)


def test_no_two_chapters_are_called_the_same(minilm: Embedder) -> None:
    found = chapters(speech("three", told(BREAD, STARS, BREAD, STARS)), minilm)
    titles = [chapter.title.lower() for chapter in found]
    assert len(found) >= 3
    assert len(set(titles)) == len(titles)


def test_a_piece_of_a_sentence_on_screen_is_no_chapter(minilm: Embedder) -> None:
    shown = [
        (40.0 * i, 40.0 * i + 40, title, title)
        for i, title in enumerate(("Bread", "Stars", "then using that to query a", "Bonds"))
    ]
    timeline = shown_and_said("talk", shown, told(BREAD, STARS, each=10), length_s=160.0)
    assert [chapter.title for chapter in chapters(timeline, minilm)] == ["Bread", "Stars", "Bonds"]


@pytest.mark.parametrize("with_vectors", [True, False])
@pytest.mark.parametrize(
    "texts",
    [
        ("Wir backen heute ein Brot.", "Der Teig braucht Hefe und Mehl.", "Dann ruht er eine Stunde."),
        ("今日はパンを焼きます。", "生地には酵母と小麦粉が必要です。", "一時間休ませます。"),
        ("اليوم نخبز الخبز.", "العجين يحتاج إلى الخميرة.", "ثم يرتاح ساعة."),
        ("♪", "...", "—"),
        ("TODAY WE BAKE A BREAD.", "THE DOUGH NEEDS YEAST.", "THEN IT RESTS."),
    ],
)
def test_other_languages_and_oddities_get_some_title(
    minilm: Embedder, with_vectors: bool, texts: tuple[str, ...]
) -> None:
    lines = [(5.0 * i, texts[i % 3]) for i in range(30)]
    found = chapters(speech("other", lines), minilm if with_vectors else None)
    assert found[0].span.start_s == 0.0
    assert all(chapter.title for chapter in found)


def test_sentences_that_all_have_one_time_make_one_chapter(minilm: Embedder) -> None:
    events = [Event(Span(3.0, 3.0), "transcript", text, "test") for text in (*BREAD, *STARS) * 4]
    timeline = Timeline.build(Media("z" * 64, Path("z.srt"), "z", "captions", 3.0, 0), events)
    assert [(c.span.start_s, c.span.end_s) for c in chapters(timeline, minilm)] == [(0.0, 3.0)]


def test_what_is_announced_is_a_subject_by_name() -> None:
    assert announced("So now let's take a look at the attention mask, which is next.") == ["attention mask"]
    assert announced("In this lesson we learn how to bake sourdough bread because it is fun.") == [
        "bake sourdough bread"
    ]
    for text in ("Let's look at it.", "Next we'll talk about what this does.", "The mask is shown."):
        assert announced(text) == []


def test_phrases_are_things_and_actions_and_nothing_is_cut_off() -> None:
    texts = ["Let's create a new layer by clicking here.", "To rename the layer mask, simply type its name."]
    found = {phrase.text: phrase for phrase in phrases(texts, Lexicon.of(texts))}
    assert found["create a new layer"].acts
    assert found["rename the layer mask"].acts
    assert "rename the layer" not in found
    assert not found["layer mask"].acts
    assert found["layer mask"].whole == 1.0
    assert found["layer"].whole < 1.0


def test_a_library_cuts_chapters_from_the_vectors_it_keeps(library: Callable[..., Store], minilm: Embedder) -> None:
    class Counting:
        """Embeds as its model does and counts the texts."""

        card = minilm.card
        texts = 0

        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            self.texts += len(texts)
            return minilm.embed(texts)

        def close(self) -> None:
            pass

    lines = [(6.0 * i, f"Bees visit flower number {i} in the garden.") for i in range(30)]
    lines += [(180.0 + 6.0 * i, f"The engine of car {i} burns petrol.") for i in range(30)]
    timeline, counting = speech("two", lines), Counting()
    with library(timeline) as store:
        [row] = store.media()
        found = chapters_of(store, row, counting)
        sentences = len(store.units(row.number))
    assert found == chapters(timeline, minilm)
    assert counting.texts < sentences / 2


def test_the_topics_of_a_recording_are_named_once_however_often_they_are_asked_for(
    library: Callable[..., Store], minilm: Embedder
) -> None:
    subjects = ("whales", "bees", "volcanoes", "violins")
    lines = [
        (30.0 * n + 5.0 * k, f"The {what} of region {k} are what we speak about in this part on {what}.")
        for n, what in enumerate(subjects) for k in range(6)
    ]  # fmt: skip
    embedder = Counting(minilm)
    store = library(speech("once", lines))
    first = ask("list the topics", store=store, embedder=embedder)
    assert embedder.texts > 0, "titles are chosen by meaning"
    embedder.texts = 0
    again = ask("list the topics", store=store, embedder=embedder)
    summary = ask("summarise the recording", store=store, embedder=embedder)
    assert again.text == first.text and summary.text
    assert embedder.texts == 0


class Counting:
    """An embedder that counts how many texts it was given."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder, self.texts = embedder, 0
        self.card = embedder.card
        self.dimensions = getattr(embedder, "dimensions", 0)

    def embed(self, texts: Sequence[str]) -> Any:
        self.texts += len(texts)
        return self._embedder.embed(texts)

    def close(self) -> None:
        return
