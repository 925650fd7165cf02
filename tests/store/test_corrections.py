"""Corrections find their event again, whatever another model made of it, and leave times alone."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from seehear.spans import Span
from seehear.store import Store
from seehear.store.corrections import Correction, apply
from seehear.store.sources import Kept, Source, Sources
from seehear.timeline import Timeline
from seehear.units import Cut
from seehear.values import Event, Media, Word

MEDIA = Media("a" * 64, Path("talk.mp4"), "talk", "video", 100.0, 1)


def said(start_s: float, text: str, *, words: bool = True) -> Event:
    tokens = text.split()
    step = 4.0 / max(1, len(tokens))
    spoken = tuple(Word(Span(start_s + i * step, start_s + (i + 1) * step), word) for i, word in enumerate(tokens))
    return Event(Span(start_s, start_s + 4.0), "transcript", text, "whisper", words=spoken if words else ())


def shown(start_s: float, end_s: float, text: str, screen: str, title: str = "") -> Event:
    return Event(Span(start_s, end_s), "visual", text, "ppocr", title=title, screen=screen)


def test_words_that_stayed_keep_their_times_and_others_share_what_they_replace() -> None:
    event = said(10.0, "we boil the cattle now")
    made = apply(
        Timeline(MEDIA, (event,)), [Correction("transcript", event.span, event.text, "we boil the big kettle now")]
    )
    words = made.timeline.events[0].words
    assert [word.text for word in words] == ["we", "boil", "the", "big", "kettle", "now"]
    assert words[:3] == event.words[:3] and words[5].span == event.words[4].span
    assert words[3].span.start_s == event.words[3].span.start_s and words[4].span.end_s == event.words[3].span.end_s


def test_a_correction_finds_the_event_that_another_model_heard_a_little_differently() -> None:
    correction = Correction("transcript", Span(10.0, 14.0), "we boil the cattle now", "we boil the kettle now")
    anew = Timeline(
        MEDIA,
        (
            said(9.5, "hello and welcome"),
            said(10.4, "We boil the cattle right now"),
            said(30.0, "we boil the cattle now"),
        ),
    )
    made = apply(anew, [correction])
    assert list(made.used) == [1]
    assert [event.text for event in made.timeline.events][1] == "we boil the kettle now"
    assert apply(Timeline(MEDIA, (said(10.0, "something else entirely"),)), [correction]).used == {}


def test_a_line_of_a_slide_stays_corrected_while_the_slide_grows() -> None:
    first = shown(0, 10, "Pyhton\n- one", "Pyhton\n- one", "Pyhton")
    build = shown(10, 20, "- two", "Pyhton\n- one\n- two", "Pyhton")
    other = shown(20, 30, "Pyhton again", "Pyhton again")
    made = apply(
        Timeline(MEDIA, (first, build, other)), [Correction("visual", first.span, first.text, "Python\n- one")]
    )
    assert [event.title for event in made.timeline.events[:2]] == ["Python", "Python"]
    assert made.timeline.events[0].screen == "Python\n- one"
    assert (made.timeline.events[1].screen, made.timeline.events[1].text) == ("Python\n- one\n- two", "- two")
    assert made.timeline.events[2] == other


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=6), st.text(min_size=1, max_size=40), st.data())
def test_no_correction_moves_an_event_or_puts_a_word_outside_it(
    texts: list[str], new: str, data: st.DataObject
) -> None:
    events = tuple(said(5.0 * i, text) for i, text in enumerate(texts))
    place = data.draw(st.integers(0, len(events) - 1))
    made = apply(Timeline(MEDIA, events), [Correction("transcript", events[place].span, events[place].text, new)])
    assert made.timeline.events[place].text == new
    assert [event.span for event in made.timeline.events] == [event.span for event in events]
    words = made.timeline.events[place].words
    starts = [word.span.start_s for word in words]
    assert starts == sorted(starts)
    assert all(
        events[place].span.start_s <= w.span.start_s and w.span.end_s <= events[place].span.end_s + 1e-6 for w in words
    )


def test_a_timeline_is_not_stored_over_corrections_that_were_made_meanwhile(tmp_path: Path) -> None:
    timeline = Timeline(MEDIA, (said(0.0, "one two three"),))
    correction = Correction("transcript", Span(0.0, 4.0), "one two three", "one two four")
    with Store(tmp_path) as store:
        assert store.put_timeline(timeline, Cut((), (), ()), corrections=[], corrected=[correction])
        assert not store.put_timeline(timeline, Cut((), (), ()), corrections=[])
        assert store.put_timeline(timeline, Cut((), (), ()), corrections=[correction])
        assert store.timeline(MEDIA.id).events[0].text == "one two four"
        assert store.uncorrected(MEDIA.id) == timeline
        store.remove(MEDIA.id)
        assert store.corrections(MEDIA.id) == []


def test_a_source_is_noted_before_its_recording_is_there_and_goes_with_it(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        sources, kept = Sources(store), Kept(tmp_path)
        sources.note(MEDIA.id, Source("A talk", "https://example.org/talk", kept=True))
        assert sources.with_url("https://example.org/talk") is None
        store.put_timeline(Timeline(MEDIA, ()), Cut((), (), ()))
        assert sources.with_url("https://example.org/talk") == MEDIA.id
        row = store.media()[0]
        assert (row.url, row.kept) == ("https://example.org/talk", True)
        (tmp_path / "incoming").write_bytes(b"x")
        placed = kept.place(tmp_path / "incoming", MEDIA.id, ".mp4")
        (placed.parent / f"{MEDIA.id}.en.vtt").write_text("WEBVTT")
        assert kept.find(MEDIA.id) == placed
        kept.delete(MEDIA.id)
        assert list(kept.folder.iterdir()) == []
        store.remove(MEDIA.id)
        assert sources.get(MEDIA.id) == Source()


def test_a_library_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    import sqlite3

    from seehear.store.schema import APPLICATION_ID, MIGRATIONS, statements

    timeline = Timeline(MEDIA, (said(0.0, "hello"), shown(0, 5, "Slide", "Slide")))
    db = sqlite3.connect(tmp_path / "library.db")
    for statement in statements(MIGRATIONS[0]):
        db.execute(statement)
    db.execute("PRAGMA user_version=1")
    db.execute(f"PRAGMA application_id={APPLICATION_ID}")
    import zlib

    db.execute("INSERT INTO media VALUES(1,?,'talk','video',100,1,?,'',2,0)", (MEDIA.id, b"talk.mp4"))
    db.execute("INSERT INTO timelines VALUES(1,?)", (zlib.compress(timeline.to_json().encode()),))
    db.commit()
    db.close()
    with Store(tmp_path) as store:
        row = store.media()[0]
        assert (row.title, row.seen, row.heard, row.kept, row.url) == ("talk", 1, 1, False, "")
        assert store.timeline(MEDIA.id).events == timeline.events
