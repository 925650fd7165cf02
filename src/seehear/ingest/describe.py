"""Describing what pictures show, where a model that sees was chosen: only pictures that show something new.

A slide that is built up is described once, when it is complete: what its unfinished states say was read already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from seehear.backends.protocols import Describer, TakesFilm
from seehear.errors import MediaError
from seehear.ingest.cache import DESCRIPTION, StageCache
from seehear.ingest.lines import Shown, frame_name
from seehear.spans import Span
from seehear.values import Description, Frames, Gap, Sight

CALLS_AT_ONCE = 8
"""Requests' worth of pictures held in memory together."""
SHORTEST_FILM_S = 1.5
STILL_THERE = 0.8
"""A slide is being built up while this much of what was read on it stays: one line may be read differently."""


def describe(
    shown: Sequence[Shown],
    describer: Describer,
    *,
    cache: StageCache,
    folder: Path,
    on_progress: Callable[[int, int], None],
    film: Callable[[Span], Frames | None] = lambda span: None,
) -> tuple[Mapping[float, Description], list[Gap]]:
    """Describe the kept picture of every point that shows something new, or nothing that could be read.

    A shot on which nothing was read goes as `film` of its span to a describer that takes film. What was described
    before comes from the cache. A picture that was refused or failed is a Gap of stage `describe`.
    """
    wanted = _complete(shown)
    films = any(_moves(entry) for entry, _ in wanted) and isinstance(describer, TakesFilm) and describer.takes("film")
    keys: dict[float, str] = {}
    for entry, _ in wanted:
        told = {"time_s": entry.point.time_s, "backend": describer.card.name, "read": entry.screen_text}
        as_film = {"film": True} if films and _moves(entry) else {}
        keys[entry.point.time_s] = cache.key("describe", **told, **as_film)
    found: dict[float, Description] = {}
    for time_s, key in keys.items():
        if (cached := cache.get(key, DESCRIPTION)) is not None:
            found[time_s] = cached
    gaps: list[Gap] = []
    missing = [(entry, fresh) for entry, fresh in wanted if entry.point.time_s not in found]
    on_progress(len(found), len(wanted))

    def keep(sight: Sight, told: Description | Gap) -> None:
        if isinstance(told, Gap):
            gaps.append(told)
        else:
            found[sight.time_s] = cache.put(keys[sight.time_s], told, DESCRIPTION)
        on_progress(len(found), len(wanted))

    handful = CALLS_AT_ONCE * max(1, describer.card.images_per_request)
    for at in range(0, len(missing), handful):
        describer.describe(
            _sights(missing[at : at + handful], folder, gaps, film if films else None), on_described=keep
        )
    return found, gaps


def _complete(shown: Sequence[Shown]) -> list[tuple[Shown, str]]:
    """The entries worth describing, each with what became readable since the last of them."""
    groups: list[list[Shown]] = []
    for entry in shown:
        if groups and _goes_on(groups[-1][-1], entry):
            groups[-1].append(entry)
        else:
            groups.append([entry])
    chosen: list[tuple[Shown, str]] = []
    for group in groups:
        fresh = [entry for entry in group if entry.line is None or entry.line.new]
        if fresh:
            chosen.append((fresh[-1], "\n".join(entry.line.text for entry in fresh if entry.line is not None)))
    return chosen


def _goes_on(entry: Shown, after: Shown) -> bool:
    """Tell whether one picture is an unfinished state of the next: all that could be read still stands there."""
    if entry.line is None or after.line is None:
        return False
    if after.line.new and len(_letters(after.line.text)) >= len(_letters(after.screen_text)):
        return False  # another slide, though it may repeat the words
    if entry.line.title and after.line.title and _letters(entry.line.title) != _letters(after.line.title):
        return False
    whole = _letters(after.screen_text)
    lines = [_letters(line) for line in entry.screen_text.splitlines()]
    kept = sum(len(line) for line in lines if line in whole)
    return kept >= STILL_THERE * sum(map(len, lines))


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _moves(entry: Shown) -> bool:
    """Tell whether a picture may be one of a moving shot: nothing to read on it, and it lasts."""
    return entry.line is None and entry.point.span.duration_s >= SHORTEST_FILM_S


def _sights(
    entries: Sequence[tuple[Shown, str]], folder: Path, gaps: list[Gap], film: Callable[[Span], Frames | None] | None
) -> list[Sight]:
    from seehear.media.picture import load_picture

    sights = []
    for entry, fresh in entries:
        point = entry.point
        try:
            rgb = load_picture(folder / frame_name(point.time_s))
        except MediaError as error:
            gaps.append(Gap(point.span, "describe", error.message))
            continue
        shot = film(point.span) if film is not None and _moves(entry) else None
        sights.append(Sight(point.time_s, point.span, rgb, entry.screen_text, fresh, shot))
    return sights
