"""Study notes: a timeline as Markdown, one section per slide with its picture, its text and what was said meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from seehear.spans import Span, clock
from seehear.timeline import Timeline
from seehear.values import Chapter, Event

PARAGRAPH_PAUSE_S = 2.0
PARAGRAPH_LENGTH = 500
SAME_START_S = 1.0
"""A chapter that begins this soon after a slide means that slide: files round the times of their chapters."""


@dataclass(frozen=True, slots=True)
class Slide:
    """A stretch during which one slide was on screen, through all its builds; `last` shows it complete."""

    span: Span
    title: str
    last: Event


def slides_of(timeline: Timeline) -> list[Slide]:
    """Put the builds of one slide together: visual events that follow each other under one title."""
    slides: list[Slide] = []
    for event in timeline.of_kind("visual"):
        grown = slides and event.reason != "slide" and event.title and event.title == slides[-1].title
        if grown:
            slides[-1] = Slide(slides[-1].span.union(event.span), event.title, event)
        else:
            slides.append(Slide(event.span, event.title, event))
    return slides


def to_markdown(timeline: Timeline, chapters: Iterable[Chapter] = (), *, picture: Callable[[str], str] | None) -> str:
    """Write study notes in order of time; `picture` makes a link target of a kept one, None leaves them out.

    Text from the media is escaped: it can be neither markup nor HTML nor a link in the notes.
    """
    slides = slides_of(timeline)
    openings = [(_opening_s(chapter, slides), chapter) for chapter in chapters]
    marks = [
        (slide.span.start_s, _SLIDE, list(_slide_blocks(slide, picture, headed=not _is_announced(slide, openings))))
        for slide in slides
    ]
    for opening_s, chapter in openings:
        marks.append((opening_s, _CHAPTER, [f"## {escape(chapter.title)} [{clock(chapter.span.start_s)}]"]))
    marks.sort(key=lambda mark: mark[:2])
    said = list(timeline.of_kind("transcript"))
    starts_s = [start_s for start_s, _, _ in marks]
    blocks = [f"# {escape(timeline.media.title)}", f"*{clock(timeline.media.duration_s)}*"]
    blocks += _paragraphs(e for e in said if not starts_s or e.span.start_s < starts_s[0])
    for (_, _, heads), (start_s, until_s) in zip(marks, pairwise([*starts_s, float("inf")]), strict=True):
        blocks += heads
        blocks += _paragraphs(e for e in said if start_s <= e.span.start_s < until_s)
    return "\n\n".join(blocks) + "\n"


_CHAPTER, _SLIDE = 0, 1
"""What stands first where both begin at one time."""


def _opening_s(chapter: Chapter, slides: list[Slide]) -> float:
    """When a chapter opens in the notes, in seconds: with the slide that began just before, else at its own start."""
    begins_s = chapter.span.start_s
    nearest_s = min((s.span.start_s for s in slides), key=lambda start_s: abs(start_s - begins_s), default=begins_s)
    return nearest_s if 0 < begins_s - nearest_s <= SAME_START_S else begins_s


def _is_announced(slide: Slide, openings: Iterable[tuple[float, Chapter]]) -> bool:
    """Whether a chapter that this slide opens is called like it, so that its heading has said all."""
    return any(
        abs(opening_s - slide.span.start_s) <= SAME_START_S and chapter.title.split() == slide.title.split()
        for opening_s, chapter in openings
    )


def _slide_blocks(slide: Slide, picture: Callable[[str], str] | None, *, headed: bool) -> Iterator[str]:
    if headed:
        yield f"### {escape(slide.title or 'On screen')} [{clock(slide.span.start_s)}]"
    if picture is not None and slide.last.frame:
        yield f"![{escape(slide.title or 'slide')}]({picture(slide.last.frame)})"
    text = slide.last.screen or slide.last.text
    if text:
        yield fenced(text)


def _paragraphs(events: Iterable[Event]) -> Iterator[str]:
    paragraph: list[Event] = []
    length = 0
    for event in events:
        pause = paragraph and event.span.start_s - paragraph[-1].span.end_s > PARAGRAPH_PAUSE_S
        if pause or length > PARAGRAPH_LENGTH:
            yield _paragraph(paragraph)
            paragraph, length = [], 0
        paragraph.append(event)
        length += len(event.text)
    if paragraph:
        yield _paragraph(paragraph)


def _paragraph(events: list[Event]) -> str:
    text = " ".join(" ".join(event.text.split()) for event in events)
    return f"**[{clock(events[0].span.start_s)}]** {escape(text)}"


def escape(text: str) -> str:
    """Make text inert in Markdown, on one line."""
    flat = " ".join(text.split())
    flat = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]#|~!])", r"\\\1", flat)


def fenced(text: str) -> str:
    """Put text into a code block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"
