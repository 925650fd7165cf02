"""Study notes: a timeline as Markdown, one section per slide with its picture, its text and what was said meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from seehear.spans import Span, clock
from seehear.timeline import Timeline
from seehear.values import Chapter, Event

PARAGRAPH_PAUSE_S = 2.0
PARAGRAPH_LENGTH = 500


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
    """Write study notes; `picture` turns the name of a kept picture into a link target, None leaves pictures out.

    Text from the media is escaped: it can be neither markup nor HTML nor a link in the notes.
    """
    blocks = [f"# {escape(timeline.media.title)}", f"*{clock(timeline.media.duration_s)}*"]
    opens = sorted(chapters, key=lambda chapter: chapter.span)
    said = list(timeline.of_kind("transcript"))
    slides = slides_of(timeline) or [Slide(Span(0.0, max(timeline.media.duration_s, 0.001)), "", _NOTHING)]
    if said and said[0].span.start_s < slides[0].span.start_s:
        slides.insert(0, Slide(Span(0.0, slides[0].span.start_s), "", _NOTHING))
    for index, slide in enumerate(slides):
        until_s = slides[index + 1].span.start_s if index + 1 < len(slides) else float("inf")
        while opens and opens[0].span.start_s < until_s:
            chapter = opens.pop(0)
            blocks.append(f"## {escape(chapter.title)} [{clock(chapter.span.start_s)}]")
        if slide.last is not _NOTHING:
            blocks += _slide_blocks(slide, picture)
        from_s = slide.span.start_s if index else -1.0
        blocks += _paragraphs(e for e in said if from_s <= e.span.start_s < until_s)
    return "\n\n".join(blocks) + "\n"


_NOTHING = Event(Span(0.0, 0.0), "visual", "", "")


def _slide_blocks(slide: Slide, picture: Callable[[str], str] | None) -> Iterator[str]:
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
