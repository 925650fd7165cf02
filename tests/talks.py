"""Two short made-up recordings that the tests of storing, finding and answering share."""

from collections.abc import Sequence
from pathlib import Path

from seehear.spans import Span
from seehear.timeline import Timeline
from seehear.values import Event, Media

SAID = (
    (0.5, "Welcome to this talk about bees and their hives."),
    (6.0, "Later on I will also mention recursion, but only in passing."),
    (14.0, "Bees dance to tell the other bees where the flowers are."),
    (22.0, "The angle of the dance points to the direction of the flowers."),
    (30.0, "Now we come to functions, which are the heart of a program."),
    (37.0, "A function is a named piece of work that you define once."),
    (45.0, "You call it as often as you like, with different arguments."),
    (54.0, "Recursion means that a function calls itself until a base case is reached."),
    (63.0, "Without a base case the calls would never come to an end."),
    (71.0, "That is all for today, thank you and goodbye."),
)
SHOWN = (
    (0.0, 14.0, "Bees and programs", "Bees and programs"),
    (14.0, 30.0, "The waggle dance", "The waggle dance\n- direction\n- distance: 120 metres"),
    (30.0, 54.0, "Functions", "Functions\ndef fib(n):\n    return fib(n - 1) + fib(n - 2)"),
    (54.0, 80.0, "Recursion", "Recursion\nRoom 42, Friday at 10:15"),
)


def shown_and_said(
    name: str, shown: Sequence[tuple[float, float, str, str]], said: Sequence[tuple[float, str]], *, length_s: float,
    sentence_s: float = 5.0, extra: tuple[Event, ...] = (), media_id: str = "",
) -> Timeline:  # fmt: skip
    """A recording of slides (start, end, title, what stands on it) and of sentences (start, text)."""
    events = [
        Event(Span(a, b), "visual", text, "test", title=title, screen=text, reason="slide")
        for a, b, title, text in shown
    ]
    events += [Event(Span(start, start + sentence_s), "transcript", text, "test") for start, text in said]
    media = Media(media_id or name.ljust(64, "0"), Path(f"{name}.mp4"), name, "video", length_s, 1, True, True)
    return Timeline.build(media, [*events, *extra])


def talk(name: str = "bees", *, extra: tuple[Event, ...] = (), media_id: str = "") -> Timeline:
    """A talk of 80 seconds on bees and functions, with slides."""
    return shown_and_said(name, SHOWN, SAID, length_s=80.0, sentence_s=5.5, extra=extra, media_id=media_id)


def speech(name: str, lines: list[tuple[float, str]]) -> Timeline:
    """A recording of speech alone; each line lasts four seconds."""
    events = [Event(Span(start, start + 4.0), "transcript", text, "test") for start, text in lines]
    end_s = max(event.span.end_s for event in events)
    return Timeline.build(Media(name.ljust(64, "0"), Path(f"{name}.mp3"), name, "audio", end_s, 1), events)
