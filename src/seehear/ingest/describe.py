"""Describing what pictures show, where a model that sees was chosen: only pictures that show something new."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from seehear.backends.protocols import Describer
from seehear.errors import MediaError
from seehear.ingest.cache import DESCRIPTION, StageCache
from seehear.ingest.lines import Shown, frame_name
from seehear.values import Description, Gap, Sight

CALLS_AT_ONCE = 8
"""Requests' worth of pictures held in memory together."""


def describe(
    shown: Sequence[Shown],
    describer: Describer,
    *,
    cache: StageCache,
    folder: Path,
    on_progress: Callable[[int, int], None],
) -> tuple[Mapping[float, Description], list[Gap]]:
    """Describe the kept picture of every point that shows something new, or nothing that could be read.

    What was described before comes from the cache. A picture that was refused or failed is a Gap of stage `describe`.
    """
    wanted = [entry for entry in shown if entry.line is None or entry.line.new]
    keys = {
        entry.point.time_s: cache.key(
            "describe", time_s=entry.point.time_s, backend=describer.card.name, read=entry.screen_text
        )
        for entry in wanted
    }
    found: dict[float, Description] = {}
    for time_s, key in keys.items():
        if (cached := cache.get(key, DESCRIPTION)) is not None:
            found[time_s] = cached
    gaps: list[Gap] = []
    missing = [entry for entry in wanted if entry.point.time_s not in found]
    on_progress(len(found), len(wanted))

    def keep(sight: Sight, told: Description | Gap) -> None:
        if isinstance(told, Gap):
            gaps.append(told)
        else:
            found[sight.time_s] = cache.put(keys[sight.time_s], told, DESCRIPTION)
        on_progress(len(found), len(wanted))

    handful = CALLS_AT_ONCE * max(1, describer.card.images_per_request)
    for at in range(0, len(missing), handful):
        describer.describe(_sights(missing[at : at + handful], folder, gaps), on_described=keep)
    return found, gaps


def _sights(entries: Sequence[Shown], folder: Path, gaps: list[Gap]) -> list[Sight]:
    from seehear.media.picture import load_picture

    sights = []
    for entry in entries:
        point = entry.point
        try:
            rgb = load_picture(folder / frame_name(point.time_s))
        except MediaError as error:
            gaps.append(Gap(point.span, "describe", error.message))
            continue
        changed = entry.line.text if entry.line is not None else ""
        sights.append(Sight(point.time_s, point.span, rgb, entry.screen_text, changed))
    return sights
