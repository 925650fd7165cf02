"""What users rely on when captions are read and written: the words and their times survive, the clutter does not."""

import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seehear.captions import parse_captions, to_srt, to_vtt
from seehear.errors import MediaError
from seehear.spans import Span
from seehear.values import Event, Transcript

DATA = Path(__file__).parents[2] / "shared" / "data" / "transcripts"


def parse(text: str | bytes) -> Transcript:
    return parse_captions(text, via="test")


def rows(text: str | bytes) -> list[tuple[float, float, str]]:
    return [(s.span.start_s, s.span.end_s, s.text) for s in parse(text).segments]


def said(text: str, start_s: float = 0.0, end_s: float = 1.0, speaker: str | None = None) -> Event:
    return Event(Span(start_s, end_s), "transcript", text, "test", speaker=speaker)


def test_srt_cues_become_segments() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,500\nHello\nworld\n\n2\n01:02:03,004 --> 01:02:04,000\nBye\n"
    assert rows(text) == [(1.0, 2.5, "Hello world"), (3723.004, 3724.0, "Bye")]


def test_vtt_cues_become_segments_and_notes_do_not() -> None:
    text = (
        "WEBVTT - title\nKind: captions\nLanguage: en\n\nNOTE not said\n\nSTYLE\n::cue { color: red }\n\n"
        "intro\n00:01.000 --> 00:02.000 align:start\nHello\n\nNOTE\nneither this\n\n"
        "00:03.000 --> 00:04.000\n\nnext\n00:05.000 --> 00:06.000\nBye\n"
    )
    assert rows(text) == [(1.0, 2.0, "Hello"), (5.0, 6.0, "Bye")]
    assert parse(text).language == "en"


def test_a_last_cue_that_ends_at_zero_gets_the_time_it_takes_to_read() -> None:
    text = "1\n00:00:05,000 --> 00:00:06,000\nOne\n\n2\n00:00:07,000 --> 00:00:00,000\nTwo\n"
    (_, (start_s, end_s, _)) = rows(text)
    assert start_s == 7.0
    assert 8.0 <= end_s <= 12.0


def test_a_broken_end_does_not_reach_into_the_next_cue() -> None:
    text = "1\n00:00:05,000 --> 00:00:04,000\nOne\n\n2\n00:00:05,400 --> 00:00:06,000\nTwo\n"
    assert rows(text)[0] == (5.0, 5.4, "One")


def test_cues_that_go_back_in_time_are_put_in_order_and_overlaps_kept() -> None:
    text = (
        "1\n00:00:05,000 --> 00:00:07,000\nB\n\n2\n00:00:01,000 --> 00:00:02,000\nA\n\n"
        "3\n00:00:06,000 --> 00:00:08,000\nC\n"
    )
    assert rows(text) == [(1.0, 2.0, "A"), (5.0, 7.0, "B"), (6.0, 8.0, "C")]


@pytest.mark.parametrize(("encoding", "text"), [
    ("cp949", "함수는 요리법과 같습니다."), ("cp949", "Python에서 for loop를 사용합니다."),
    ("cp932", "関数はレシピのようなものです。"), ("cp932", "はい。"),
    ("gb18030", "函数就像一个菜谱，我们现在来解释递归。"), ("cp950", "函數就像一個食譜，我們現在來解釋遞迴。"),
    ("cp1252", "Größe über alles: «naïve» façades, señor – 5 €."), ("cp1252", "ÄÖÜ größere Übungen"),
    ("cp1252", "Ärger"), ("cp1252", "HYVÄÄ PÄIVÄÄ"), ("cp1252", "øl."), ("cp1252", "À l'École, œuvre complète…"),
])  # fmt: skip
def test_captions_from_before_unicode_keep_their_letters(encoding: str, text: str) -> None:
    assert [row[2] for row in rows(f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n".encode(encoding))] == [text]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_any_usual_encoding_and_line_ending_is_read(encoding: str, newline: str) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nNaïve “café”\n\n2\n00:00:03,000 --> 00:00:04,000\nBye\n"
    assert [t for *_, t in rows(text.replace("\n", newline).encode(encoding))] == ["Naïve “café”", "Bye"]


def test_tags_styles_and_entities_go_but_code_stays() -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,000\n<i>if</i> a &lt; b &amp;&amp; c &gt; d:\n"
        '<font color="red">{\\an8}x&nbsp;</font> = list<int>\n'
    )
    assert rows(text) == [(1.0, 2.0, "if a < b && c > d: x = list<int>")]


def test_numbers_that_are_said_are_not_taken_for_cue_numbers() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\n42\n\n2\n00:00:03,000 --> 00:00:04,000\n43"
    assert [t for *_, t in rows(text)] == ["42", "43"]


def test_missing_empty_lines_and_empty_lines_within_a_cue_are_forgiven() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nA\n2\n00:00:03,000 --> 00:00:04,000\nB\n\nagain\n\n3\n0:0:5 --> 0:0:6\nC"
    assert rows(text) == [(1.0, 2.0, "A"), (3.0, 4.0, "B again"), (5.0, 6.0, "C")]


def test_voices_become_speakers() -> None:
    text = (
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v.loud Ann &amp; Bo>Hello</v>\n\n"
        "00:02.000 --> 00:03.000\n<v Ann>Yes?\n<v Bob>No.\n"
    )
    assert [(s.speaker, s.text) for s in parse(text).segments] == [
        ("Ann & Bo", "Hello"),
        ("Ann", "Yes?"),
        ("Bob", "No."),
    ]


ROLLING = """WEBVTT
Kind: captions
Language: en

00:00:00.160 --> 00:00:02.389 align:start position:0%
~
hello<00:00:00.480><c> and</c><00:00:00.880><c> welcome</c>

00:00:02.389 --> 00:00:02.399 align:start position:0%
hello and welcome
~

00:00:02.399 --> 00:00:04.470 align:start position:0%
hello and welcome
to<00:00:02.800><c> the</c><00:00:03.200><c> show</c>

00:00:04.470 --> 00:00:04.480 align:start position:0%
to the show
~

00:00:04.480 --> 00:00:06.000 align:start position:0%
to the show
bye
""".replace("~", " ")


def test_rolling_captions_are_said_once_with_their_word_times() -> None:
    segments = parse(ROLLING).segments
    assert [s.text for s in segments] == ["hello and welcome", "to the show", "bye"]
    assert [(w.text, w.span.start_s) for w in segments[1].words] == [("to", 2.399), ("the", 2.8), ("show", 3.2)]
    assert all(a.span.end_s <= b.span.start_s for a, b in pairwise(segments))


def test_rolling_captions_without_word_times_are_said_once() -> None:
    lines = ["one", "two", "three", "four"]
    text = "\n".join(
        f"{n}\n00:00:{n:02d},000 --> 00:00:{n + 1:02d},000\n" + (f"{a}\n{b}\n" if n else f"{b}\n")
        for n, (a, b) in enumerate(pairwise(["", *lines]))
    )
    assert [t for *_, t in rows(text)] == lines


def test_what_is_really_said_twice_stays_twice() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nNo.\n\n2\n00:00:02,000 --> 00:00:03,000\nNo.\n"
    assert [t for *_, t in rows(text)] == ["No.", "No."]


@pytest.mark.parametrize("beginning", ["<v ", "<v.", "<rt.", "<c.", "<font ", "{\\an1", "&a"])
def test_a_file_of_nothing_but_beginnings_of_tags_is_read_at_once(beginning: str) -> None:
    began = time.process_time()
    parse("1\n00:00:01,000 --> 00:00:03,000\n" + beginning * 40_000)
    assert time.process_time() - began < 5.0


def test_text_without_times_is_refused_and_emptiness_is_empty() -> None:
    with pytest.raises(MediaError, match="neither SRT nor WebVTT") as caught:
        parse("Dear diary,\nnothing happened.\n")
    assert caught.value.hint
    assert rows("") == []
    assert rows("WEBVTT\n") == []


def test_long_texts_are_wrapped_into_lines_of_similar_length() -> None:
    text = "A function takes its arguments by name and hands back exactly one result to the caller of it."
    lines = to_srt([said(text)]).splitlines()[2:]
    assert len(lines) == 3
    assert max(map(len, lines)) <= 42


def test_markup_in_what_was_said_is_shown_and_not_obeyed() -> None:
    text = "write <b>bold</b> & a --> b, {\\an8} and &lt;"
    srt, vtt = to_srt([said(text)]), to_vtt([said(text)])
    assert "<b>" not in srt
    assert srt.count("-->") == 1
    assert "<b>" not in vtt
    assert vtt.count("-->") == 1
    assert rows(srt)[0][2] == rows(vtt)[0][2] == text


def test_nothing_is_written_for_nothing() -> None:
    assert to_srt([]) == ""
    assert to_srt([said("  ")]) == ""
    assert to_vtt([]).startswith("WEBVTT")


_TEXTS = st.text(min_size=1, max_size=120).filter(lambda t: t.strip())
_EVENTS = st.lists(st.tuples(st.integers(1, 9_000_000), st.integers(1, 9_000), _TEXTS), max_size=6)


def _clean(text: str) -> str:
    shown = text.translate(dict.fromkeys(map(ord, "\u200b\u2060\ufeff")))
    return " ".join("".join(c if c.isprintable() or c in "\u200c\u200d" else " " for c in shown).split())


@settings(max_examples=80, deadline=None)
@given(_EVENTS)
@pytest.mark.parametrize("write", [to_srt, to_vtt])
def test_what_is_written_reads_back_the_same(write: object, raw: list[tuple[int, int, str]]) -> None:
    events = [said(text, start / 1000, (start + length) / 1000) for start, length, text in sorted(raw)]
    back = rows(write(events))  # type: ignore[operator]
    expected = [(e.span.start_s, e.span.end_s, _clean(e.text)) for e in events if _clean(e.text)]
    assert [t for *_, t in back] == [t for *_, t in expected]
    for (a, b, _), (c, d, _) in zip(back, expected, strict=True):
        assert (a, b) == pytest.approx((c, d), abs=0.0006)


@pytest.mark.skipif(not DATA.is_dir(), reason="no transcripts beside the project (shared/data)")
@pytest.mark.parametrize(
    ("folder", "suffix", "count"), [("hf_course_en", "srt", 82), ("uiuc_cs241_minivideos", "webvtt", 20)]
)
def test_every_real_transcript_parses_in_order_and_reads_back(folder: str, suffix: str, count: int) -> None:
    paths = sorted((DATA / folder).glob(f"*.{suffix}"))
    assert len(paths) == count
    for path in paths:
        source = path.read_bytes()
        segments = parse(source).segments
        assert len(segments) == source.count(b"-->"), path.name
        assert all(s.text and s.span.duration_s > 0 for s in segments), path.name
        assert all(a.span.start_s <= b.span.start_s for a, b in pairwise(segments)), path.name
        events = [Event(s.span, "transcript", s.text, "test") for s in segments]
        assert [s.text for s in parse(to_srt(events)).segments] == [s.text for s in segments], path.name
