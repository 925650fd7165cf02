"""Truth on real recordings: slide changes, the burnt-in clock, and silence about what nobody says.

    python bench/real.py [--json out.json]

The changes of each recording were written down by eye (`bench/truth`, which says how). Needs ../shared/data.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from compare import Compared, compare_changes, overlapping_text, written_changes
from report import DATA, ROOT, Table, finish, options
from seehear.backends.registry import open_reader
from seehear.library import Library
from seehear.media.decode import probe
from seehear.media.slides import slides
from seehear.spans import Span, clock
from seehear.timeline import Timeline
from timecode import RATE_FPS, clock_distances

TRUTH = ROOT / "bench" / "truth"
TIMECODE = DATA / "videos" / "auto_editor_example_speech_timecode.mp4"
NO_SPEECH = DATA / "videos" / "nospeech_big_buck_bunny_small.mp4"
EACH_ONCE = ("scene-change.mov", "laion400m_talk.mp4")
SILENT = Span(17.3, 40.0)


def compare_recording(path: Path, truth: dict[str, Any]) -> Compared:
    """Find slides in a recording; how it starts is no change."""
    points = list(slides(path))
    return compare_changes(written_changes(truth, probe(path).duration_s), points[1:])


def recordings(table: Table) -> None:
    for file in sorted(TRUTH.glob("*.json")):
        truth = json.loads(file.read_text(encoding="utf-8"))
        path = DATA / truth["video"]
        if not path.is_file():
            table.note(f"{path.name} is missing")
            continue
        compared = compare_recording(path, truth)
        total = len(compared.found) + len(compared.missed)
        value = f"{len(compared.found)} of {total} changes, {len(compared.false_s)} false"
        if compared.found:
            value += f", at most {compared.worst_s:.2f} s off"
        if path.name in EACH_ONCE:
            table.add(path.name, value, "each once", met=not compared.missed and not compared.false_s)
        else:
            table.add(path.name, value)
        if compared.missed or compared.false_s:
            table.note(f"{path.name}: {compared.tell()}")


def timecode(table: Table, library: Library) -> Timeline:
    timeline = library.timeline(TIMECODE)
    starts = {event.span.start_s for event in timeline.events}
    seconds = {float(s) for s in range(0, 42, 3)}
    off = clock_distances(TIMECODE, sorted(starts | seconds), open_reader().read)
    distances = [d for _, d in off if d is not None]
    # The picture shown at a time is at most one frame old.
    good = [round(d, 4) + 0.001 >= 0.0 and d < 1 / RATE_FPS + 0.001 for d in distances]
    table.add(
        f"burnt-in clock of {TIMECODE.name}",
        f"{sum(good)} of {len(off)} times agree, at most {max(map(abs, distances)):.3f} s off",
        f"within a frame ({1 / RATE_FPS:.3f} s)", met=len(good) == len(off) and all(good),
    )  # fmt: skip
    wrong = [(t, d) for t, d in off if t in starts and (d is None or clock(t) != clock(t - d))]
    table.add("— printed times of its events that are not what stands on the picture", f"{len(wrong)} of {len(starts)}",
              "none", met=not wrong)  # fmt: skip
    table.notes += [f"at {t:.3f} s seehear prints {clock(t)}" for t, _ in wrong]
    return timeline


def words(table: Table, library: Library, timeline: Timeline) -> None:
    invented = " ".join(event.text for event in library.timeline(NO_SPEECH).of_kind("transcript"))
    table.add(f"words in {NO_SPEECH.name}", invented or "none", "none", met=not invented)
    heard = overlapping_text(timeline, Span(SILENT.start_s + 0.3, SILENT.end_s - 0.3))
    table.add(f"words in the silence of {TIMECODE.name}", heard or "none", "none", met=not heard)
    table.note("heard in the timecode clip: "
               + " ".join(f"[{clock(e.span.start_s)}] {e.text}" for e in timeline.of_kind("transcript")))  # fmt: skip


def main() -> None:
    parser = options(__doc__, lecture=False)
    chosen = parser.parse_args()
    if not DATA.is_dir():
        sys.exit("the recordings are not there: ../shared/data is missing")
    changes, clocks = Table("Real recordings: changes of the picture"), Table("Real recordings: times and words")
    recordings(changes)
    with TemporaryDirectory() as folder, Library(folder, captions="never") as library:
        words(clocks, library, timecode(clocks, library))
    finish([changes, clocks], chosen.json)


if __name__ == "__main__":
    main()
