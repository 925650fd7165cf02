"""Captions in and out: SubRip (SRT) and WebVTT, as they are found in the wild."""

from __future__ import annotations

import codecs
import html
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from seehear.errors import MediaError
from seehear.spans import Span
from seehear.values import Event, Segment, Transcript, Word

_STAMP = r"(?:(\d{1,4}):)?(\d{1,3}):(\d{1,2})(?:[.,:](\d{1,6}))?"
_TIMING = re.compile(rf"\s*{_STAMP}\s*-+>\s*{_STAMP}")
_INLINE_STAMP = re.compile(rf"<{_STAMP}>")
# Bounded, so that a file of nothing but beginnings of tags is not read to its end from each of them.
_VOICE = re.compile(r"<v(?:\.[^\s>]{0,200})?\s([^>]{0,200})>|</v>", re.IGNORECASE)
_RUBY = re.compile(r"<rt(?:\.[^>]{0,200})?>.*?(?:</rt>|$)", re.IGNORECASE | re.DOTALL)
# Only what is a tag in SRT or WebVTT, so that `if a <b and c> d` stays as it was said.
_TAG = re.compile(r"</?(?:i|b|u|s|c|v|em|strong|lang|ruby|rt|span|font|br)(?:[.\s][^<>]*)?/?>|<\d[\d:.,]*>", re.I)
# The styling of another format (ASS) that players accept in SRT; LaTeX such as {\alpha} is none.
_ASS = re.compile(r"\{\\(?:an?\d|[ibus]\d|\d?c&|fn|fs\d|pos\(|move\(|fade?\(|kf?\d)[^{}]*\}")
_ENTITY = re.compile(r"&#?\w+;")
_OTHER_LETTERS = re.compile(r"[^\W\d_a-zA-Z]+")
_LANGUAGE = re.compile(r"^Language:\s*([a-zA-Z]{2})\b", re.MULTILINE)
# Put inside what looks like a tag but is text; invisible, and taken out again when read.
_JOINER = "\u2060"
_INVISIBLE = str.maketrans("", "", "\u200b\u2060\ufeff")
_TOUCHING_S = 0.05
_ROLLING_SHARE = 0.25
_LINE_CHARACTERS = 42


class _Cue(NamedTuple):
    """One cue as written: `end_s` may lie before `start_s`, `lines` still have their tags."""

    start_s: float
    end_s: float
    lines: tuple[str, ...]


def parse_captions(text: str | bytes, *, via: str) -> Transcript:
    """Read SRT or WebVTT, whichever it is; each cue becomes a segment, in order of time.

    Forgives what is found in the wild: missing blank lines and numbers, cues out of order, ends before starts (the cue
    then lasts as long as reading it takes, at most until the next one), tags, entities, byte order marks, UTF-16 and
    the code pages of Western Europe, Korea, Japan and China. Rolling captions, which repeat each line until it has
    scrolled away, are reduced to what is new. Voices become speakers, times inside a cue become words. The language is
    empty unless the file states it.

    Raises MediaError when there is text in it but no cue.
    """
    source = _decode(text) if isinstance(text, bytes) else text
    source = source.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").lstrip("\ufeff")
    is_vtt = source.startswith("WEBVTT")
    source = source if is_vtt else _ASS.sub("", source)
    cues = sorted(_cues(source, is_vtt=is_vtt), key=lambda cue: cue.start_s)
    if "-->" not in source and source.strip() and not is_vtt:
        raise MediaError(
            "this is neither SRT nor WebVTT: no line holds two times", hint="check that the file holds captions"
        )
    language = _LANGUAGE.search(source.partition("\n\n")[0]) if is_vtt else None
    segments = [segment for cue in _unrolled(_mended(cues)) for segment in _segments(cue)]
    return Transcript(language.group(1).lower() if language else "", tuple(segments), via)


def to_srt(events: Iterable[Event]) -> str:
    """Write events as SubRip; long texts are wrapped, times rounded to milliseconds."""
    blocks: list[str] = []
    for event in events:
        if text := _clean(event.text):
            shown = _defused(f"{_clean(event.speaker)}: {text}" if event.speaker else text)
            blocks.append(f"{len(blocks) + 1}\n{_times(event.span, ',')}\n{_wrap(shown)}\n")
    return "\n".join(blocks)


def to_vtt(events: Iterable[Event]) -> str:
    """Write events as WebVTT; speakers become voices, long texts are wrapped, times rounded to milliseconds."""
    blocks = ["WEBVTT\n"]
    for event in events:
        if text := _clean(event.text):
            voice = f"<v {html.escape(_clean(event.speaker))}>" if event.speaker else ""
            blocks.append(f"{_times(event.span, '.')}\n{voice}{html.escape(_wrap(text), quote=False)}\n")
    return "\n".join(blocks)


def _defused(text: str) -> str:
    """SRT has no escapes: what merely looks like a tag, an entity, a style or a time line is broken up invisibly."""
    for look_alike in (_TAG, _ENTITY, _ASS):
        text = look_alike.sub(lambda match: f"{match.group()[0]}{_JOINER}{match.group()[1:]}", text)
    return text.replace("-->", f"--{_JOINER}>")


def plain_text(markup: str) -> str:
    """A cue's text without tags and entities, on one line."""
    bare = _TAG.sub("", _RUBY.sub("", markup))
    return _clean(_ENTITY.sub(lambda match: html.unescape(match.group()), bare))


def _clean(text: str) -> str:
    visible = text.translate(_INVISIBLE)
    return " ".join("".join(c if c.isprintable() or c in "\u200c\u200d" else " " for c in visible).split())


def _wrap(text: str) -> str:
    # Lines of about the same length read better than full ones and a rest.
    rows = max(1, -(-len(text) // _LINE_CHARACTERS))
    width = min(_LINE_CHARACTERS, len(text) // rows + 8)
    lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def _times(span: Span, mark: str) -> str:
    start_ms = max(0, round(span.start_s * 1000))
    # A cue without length is shown by no player.
    end_ms = max(start_ms + 1, round(span.end_s * 1000))
    return " --> ".join(
        f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}{mark}{ms % 1000:03d}"
        for ms in (start_ms, end_ms)
    )


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = parts
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + float(f"0.{fraction or 0}")


def _decode(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if data[:64].count(b"\0") >= 8:
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    if data.startswith(codecs.BOM_UTF8):
        return data.decode("utf-8-sig", "replace")
    for code_page, usual, share in _EAST_ASIAN:
        try:
            text = data.decode(code_page)
        except UnicodeDecodeError:
            continue
        # Bytes of one code page are letters of the next, but not the usual ones, and they stand alone.
        words = _OTHER_LETTERS.findall(text)
        letters, joined = "".join(words), sum(len(word) for word in words if len(word) > 1)
        if letters and 3 * joined >= 2 * len(letters) and sum(map(usual, letters)) >= share * len(letters):
            return text
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        # cp1252 leaves five bytes undefined; latin-1 has none.
        return data.decode("latin-1")


def _begins(encoding: str, first: int, last: int) -> Callable[[str], bool]:
    """Whether a letter is encoded with such a first byte: the most common ones stand together."""
    return lambda letter: first <= letter.encode(encoding, "replace")[0] <= last


_EAST_ASIAN: tuple[tuple[str, Callable[[str], bool], float], ...] = (
    ("cp932", lambda letter: "ぁ" <= letter <= "ヿ", 0.3),
    ("cp949", _begins("euc_kr", 0xB0, 0xC8), 0.9),
    ("gb18030", _begins("gb2312", 0xB0, 0xD7), 0.8),
    ("cp950", _begins("cp950", 0xA4, 0xC6), 0.8),
)
"""Code pages of captions from before Unicode, and what most letters of a text in them are."""


def _cues(source: str, *, is_vtt: bool) -> Iterator[_Cue]:
    lines = source.split("\n")
    timings = [(n, match) for n, line in enumerate(lines) if "-->" in line and (match := _TIMING.match(line))]
    for index, (number, match) in enumerate(timings):
        stop = timings[index + 1][0] if index + 1 < len(timings) else None
        body = lines[number + 1 : stop]
        # What stands right before the next time line, after an empty line, is that cue's number or name.
        if stop is not None and body and body[-1] and (body[-1].strip().isdecimal() or body[-2:-1] == [""]):
            body = body[:-1]
        if is_vtt:
            body = _first_block(body)
        text = tuple(line for line in body if plain_text(line))
        if text:
            yield _Cue(_seconds(match.groups()[:4]), _seconds(match.groups()[4:]), text)


def _first_block(body: list[str]) -> list[str]:
    """A WebVTT cue ends at an empty line; comments may follow, and some writers put an empty line first."""
    start = next((n for n, line in enumerate(body) if line), len(body))
    if start and body[start : start + 1] and body[start].startswith(("NOTE", "STYLE", "REGION")):
        return []
    end = next((n for n in range(start, len(body)) if not body[n]), len(body))
    return body[start:end]


def _mended(cues: list[_Cue]) -> list[_Cue]:
    """Give cues that end before they start the time it takes to read them, at most until the next one."""
    starts = sorted({cue.start_s for cue in cues})
    following = dict(pairwise(starts))
    mended = []
    for cue in cues:
        if cue.end_s <= cue.start_s:
            reading_s = max(1.0, min(5.0, 0.06 * sum(map(len, cue.lines))))
            cue = cue._replace(end_s=min(cue.start_s + reading_s, following.get(cue.start_s, float("inf"))))
        mended.append(cue)
    return mended


def _unrolled(cues: list[_Cue]) -> list[_Cue]:
    """Take out the lines that a rolling caption carries over from the cue before."""
    carried = [0] * len(cues)
    scrolls = False
    for n, (before, cue) in enumerate(pairwise(cues), start=1):
        if cue.start_s <= before.end_s + _TOUCHING_S:
            old, new = [plain_text(x) for x in before.lines], [plain_text(x) for x in cue.lines]
            shared = next((k for k in range(min(len(old), len(new)), 0, -1) if old[-k:] == new[:k]), 0)
            carried[n] = shared
            scrolls |= bool(shared) and (shared < len(new) or bool(_INLINE_STAMP.search(before.lines[-1])))
    # Somebody may well say "No." twice: only a file that scrolls throughout is rolling.
    if not scrolls or sum(map(bool, carried)) < _ROLLING_SHARE * (len(cues) - 1):
        return cues
    kept: list[_Cue] = []
    for cue, shared in zip(cues, carried, strict=True):
        if shared == len(cue.lines):
            kept[-1] = kept[-1]._replace(end_s=max(kept[-1].end_s, cue.end_s))
        else:
            kept.append(cue._replace(lines=cue.lines[shared:]))
    # A line stays on screen while the next one is spoken; as speech it ends where that one starts.
    for n, (cue, after) in enumerate(pairwise(kept)):
        if cue.start_s < after.start_s < cue.end_s:
            kept[n] = cue._replace(end_s=after.start_s)
    return kept


def _segments(cue: _Cue) -> Iterator[Segment]:
    """One segment per voice; all share the cue's span, for nothing tells when each of them speaks."""
    span = Span(cue.start_s, cue.end_s)
    raw = "\n".join(cue.lines)
    pieces = _VOICE.split(raw)
    for speaker, piece in zip([None, *pieces[1::2]], pieces[0::2], strict=True):
        if text := plain_text(piece):
            yield Segment(span, text, _words(span, piece), plain_text(speaker or "") or None)


def _words(span: Span, raw: str) -> tuple[Word, ...]:
    pieces = _INLINE_STAMP.split(raw)
    if len(pieces) == 1:
        return ()
    starts_s = [span.start_s, *(_seconds(pieces[n : n + 4]) for n in range(1, len(pieces), 5))]
    bounds_s = [*starts_s, max(span.end_s, starts_s[-1])]
    if any(b < a for a, b in pairwise(bounds_s)) or starts_s[-1] > span.end_s:
        return ()
    texts = map(plain_text, pieces[0::5])
    return tuple(Word(Span(a, b), text) for (a, b), text in zip(pairwise(bounds_s), texts, strict=True) if text)
