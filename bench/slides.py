"""Slide changes found, missed and invented, and what it costs, beside what one would run instead.

    python bench/slides.py [--json] [--drawn] [--lecture out/lecture.mp4] [--truth DIR]

Each row is one way of looking at one video: how many true changes it found (within 1.0 s, one to one), what it missed
and invented, the median error, and CPU seconds divided by those of a plain decode of the same file in the same run.
A plain decode is PyAV decoding every frame on one thread and throwing it away. Everything is imported before anything
is measured, and what takes less than 2 s is measured three times, in turn with the plain decode, the least counting.
A change that takes longer than 2 s (typing) may be marked anywhere in it, and more than once.
`--lecture` adds the example lecture; the JSON beside it, as `seehear generate` leaves it, is the truth.
`--drawn` adds videos drawn by tests/media/moving.py (minutes to draw, kept in out/drawn).
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
OUT = ROOT / "out"
WITHIN_S = 1.0
GRADUAL_S = 2.0
sys.path[:0] = [str(ROOT), str(ROOT / "src")]


@dataclass(frozen=True)
class Row:
    video: str
    method: str
    true: int
    found: int
    missed: int
    false: int
    median_error_s: float | None
    cpu_s: float
    cpu_ratio: float


def decode_all(path: Path) -> list[float]:
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.thread_type = "NONE"
        for _ in container.decode(stream):
            pass
    return []


def seehear_slides(path: Path) -> list[float]:
    from seehear.media.slides import slides

    return [point.span.start_s for point in slides(path)][1:]


def ffmpeg_scene(threshold: float) -> Callable[[Path], list[float]]:
    def find(path: Path) -> list[float]:
        from seehear.media.slides import scenes

        return [point.span.start_s for point in scenes(path, threshold=threshold)][1:]

    return find


def pyscenedetect(detector: str) -> Callable[[Path], list[float]] | None:
    try:
        import scenedetect
    except ImportError:
        return None

    def find(path: Path) -> list[float]:
        found = scenedetect.detect(str(path), getattr(scenedetect, detector)())
        return [start.seconds for start, _ in found][1:]

    return find


METHODS: dict[str, Callable[[Path], list[float]] | None] = {
    "seehear slides": seehear_slides,
    "ffmpeg scene>0.3": ffmpeg_scene(0.3),
    "ffmpeg scene>0.1": ffmpeg_scene(0.1),
    "PySceneDetect adaptive": pyscenedetect("AdaptiveDetector"),
    "PySceneDetect content": pyscenedetect("ContentDetector"),
}


def cpu_of(find: Callable[[Path], list[float]], path: Path) -> tuple[list[float], float]:
    before = os.times()
    found = find(path)
    after = os.times()
    return found, after.user + after.system - before.user - before.system


def match(truth: list[dict[str, float]], found: list[float]) -> tuple[int, int, list[float]]:
    """Pair true and found changes, nearest first; return (found, invented, errors in seconds)."""
    spans = [(t["time_s"], t.get("until_s", t["time_s"])) for t in truth]
    pairs = sorted(
        (max(a - time, time - b, 0.0), abs(time - a), i, j)
        for i, (a, b) in enumerate(spans)
        for j, time in enumerate(found)
        if a - WITHIN_S <= time <= b + WITHIN_S
    )
    true_used: set[int] = set()
    found_used: set[int] = set()
    errors: list[float] = []
    for error, _, i, j in pairs:
        if i not in true_used and j not in found_used:
            true_used.add(i)
            found_used.add(j)
            errors.append(error)
    gradual = [(a, b) for a, b in spans if b - a > GRADUAL_S]
    invented = [
        time
        for j, time in enumerate(found)
        if j not in found_used and not any(a - WITHIN_S <= time <= b + WITHIN_S for a, b in gradual)
    ]
    return len(true_used), len(invented), errors


def lecture(video: Path) -> tuple[str, Path, list[dict[str, float]]]:
    told = json.loads(video.with_suffix(".json").read_text(encoding="utf-8"))
    changes: dict[float, float] = {}
    for slide in told["slides"]:
        changes.setdefault(slide["start_s"], slide["start_s"])
        for build in slide["builds"]:
            changes[build["time_s"]] = max(build["end_s"], changes.get(build["time_s"], 0.0))
    rows = [{"time_s": start_s, "until_s": end_s} for start_s, end_s in sorted(changes.items()) if start_s > 0]
    return "example lecture", video, rows


def videos(truth: Path, *, drawn: bool, example: Path | None) -> list[tuple[str, Path, list[dict[str, float]]]]:
    listed = []
    for file in sorted(truth.glob("*.json")):
        row = json.loads(file.read_text(encoding="utf-8"))
        path = (DATA / row["video"]) if (DATA / row["video"]).exists() else file.parent / row["video"]
        if path.exists():
            listed.append((file.stem, path, row["changes"]))
    if example is not None:
        listed.append(lecture(example))
    return listed + (draw() if drawn else [])


def draw() -> list[tuple[str, Path, list[dict[str, float]]]]:
    """Draw the synthetic set once; its truth is exact."""
    from tests.media import moving as m

    canvas = m.Canvas(960, 540)
    plan = [(0, 1, 1), (5.2, 1, 2), (9.4, 1, 3), (14.2, 2, 1), (20.6, 2, 2), (26.2, 3, 4), (33.4, 4, 2), (38.2, 4, 3)]

    def deck(fade_s: float = 0.0, dark: bool = False) -> m.Scene:
        return m.deck(canvas, plan, 45, fade_s=fade_s, dark=dark)

    scenes = {
        "cuts": (deck(), {}),
        "fades": (deck(0.8), {}),
        "dark fades": (deck(0.5, dark=True), {"crf": 32, "gop": 60}),
        "presenter": (m.with_presenter(deck(0.4), canvas, crosses_s=28.5), {"noise": 3.0}),
        "presenter, drifting light": (m.with_light(m.with_presenter(deck(), canvas)), {"noise": 4.0, "crf": 34}),
        "cursor": (m.with_cursor(deck(), canvas), {"bframes": 0}),
        "inset camera, clock": (m.with_clock(m.with_inset(deck(0.6), canvas), canvas), {"crf": 32}),
        "typing": (m.typing(canvas), {"fps": 12}),
        "typing, 5 fps": (m.with_cursor(m.typing(canvas, lines=24, block=4), canvas), {"fps": 5, "gop": 9999}),
        "scrolling": (m.scrolling(canvas, [(4.2, 1.5, 300), (9.4, 0, 520), (14.1, 3, 700), (21.3, 0, 100)], 28), {}),
        "whiteboard": (m.whiteboard(canvas), {"noise": 3.0, "crf": 30}),
        "talking head": (m.talking_head(canvas, 40), {"noise": 3.0, "crf": 30}),
    }
    folder = OUT / "drawn"
    folder.mkdir(parents=True, exist_ok=True)
    listed = []
    for name, (scene, options) in scenes.items():
        path = folder / f"{name.replace(', ', '-').replace(' ', '-')}.mp4"
        if not path.exists():
            m.encode(path, scene, **{"fps": 25, **options})
        listed.append((name, path, [asdict(t) for t in scene.truth]))
    return listed


def measure(truth: Path, *, drawn: bool, example: Path | None) -> list[Row]:
    rows = []
    listed = videos(truth, drawn=drawn, example=example)
    shortest = min((path for _, path, _ in listed), key=lambda path: path.stat().st_size)
    for find in [decode_all, *(find for find in METHODS.values() if find is not None)]:
        find(shortest)
    for name, path, changes in listed:
        _, plain_s = cpu_of(decode_all, path)
        for method, find in METHODS.items():
            if find is None:
                continue
            found, cpu_s = cpu_of(find, path)
            for _ in range(2 if cpu_s < 2.0 else 0):
                plain_s = min(plain_s, cpu_of(decode_all, path)[1])
                cpu_s = min(cpu_s, cpu_of(find, path)[1])
            hits, invented, errors = match(changes, found)
            error = round(statistics.median(errors), 3) if errors else None
            ratio = cpu_s / max(plain_s, 0.01)
            row = Row(name, method, len(changes), hits, len(changes) - hits, invented, error, cpu_s, ratio)
            rows.append(row)
    return rows


def table(rows: list[Row]) -> str:
    lines = [
        "| video | method | found | missed | false | median error s | CPU s | × plain decode |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for r in rows:
        error = "" if r.median_error_s is None else f"{r.median_error_s:.2f}"
        lines.append(
            f"| {r.video} | {r.method} | {r.found}/{r.true} | {r.missed} | {r.false} | {error} | {r.cpu_s:.2f} "
            f"| {r.cpu_ratio:.2f} |"
        )
    for method in METHODS:
        mine = [r for r in rows if r.method == method]
        if mine:
            true, found, false = sum(r.true for r in mine), sum(r.found for r in mine), sum(r.false for r in mine)
            cpu_s = sum(r.cpu_s for r in mine)
            lines.append(f"| **all** | {method} | {found}/{true} | {true - found} | {false} | | {cpu_s:.2f} | |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--drawn", action="store_true", help="add videos drawn on the spot")
    parser.add_argument("--lecture", type=Path, help="the rendered example, its truth beside it")
    parser.add_argument("--truth", type=Path, default=ROOT / "bench" / "truth", help="folder of truth files")
    options = parser.parse_args()
    rows = measure(options.truth, drawn=options.drawn, example=options.lecture)
    head_commit = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(head_commit, cwd=ROOT, capture_output=True, text=True, check=False)
    report = {
        "command": " ".join(["python", "bench/slides.py", *sys.argv[1:]]),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": commit.stdout.strip(),
        "rows": [asdict(row) for row in rows],
    }
    OUT.mkdir(exist_ok=True)
    (OUT / "slides.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    head = f"`{report['command']}` on {report['machine']}, {report['date']}, commit {report['commit']}\n\n"
    (OUT / "slides.md").write_text(head + table(rows) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1) if options.json else head + table(rows))


if __name__ == "__main__":
    main()
