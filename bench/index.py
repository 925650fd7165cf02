"""What a whole index costs: against its parts alone, and against the obvious script with the same models.

    python bench/index.py --lecture out/lecture.mp4 [--media talk.mp4 …] [--json out.json]

Each line is a process of its own on the same file, with one thread per model: `seehear index`; transcribing alone;
reading alone the distinct pictures (for the example lecture by its truth, each once, for others those that were found);
a plain decode of every frame, and finding slides; and the obvious script (`bench/obvious.py`) with two ways of
choosing frames. CPU seconds are user + system of a process and its children, start included where not said otherwise.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from compare import changes_of, compare_changes
from report import DATA, ROOT, Child, Table, finish, options, run_child, seehear, truth_beside
from seehear.spans import Span
from seehear.values import SamplePoint

TALK = DATA / "videos" / "laion400m_talk.mp4"
MOST_OF_PARTS, MOST_OF_DECODE = 1.2, 0.5
EVERY_S = 10.0


# ---- the parts, each in a process of its own ----------------------------------------------------------------------


def part_decode(path: Path) -> dict[str, object]:
    import av

    began = time.process_time()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for _ in container.decode(stream):
            pass
    return {"cpu_s": time.process_time() - began}


def part_find(path: Path) -> dict[str, object]:
    from seehear.media.slides import slides

    began = time.process_time()
    points = [[p.time_s, p.span.start_s, p.span.end_s] for p in slides(path)]
    return {"cpu_s": time.process_time() - began, "points": points}


def part_read(folder: Path) -> dict[str, object]:
    import numpy as np
    from PIL import Image

    from seehear.backends.registry import open_reader

    reader = open_reader(threads=1)
    for picture in sorted(folder.glob("*.png")):
        reader.read(np.asarray(Image.open(picture).convert("RGB")))
    return {}


PARTS = {"decode": part_decode, "find": part_find, "read": part_read}


# ---- the comparison -----------------------------------------------------------------------------------------------


def measure(path: Path, *, complete_s: list[float] | None, truth: dict[str, object] | None) -> Table:
    table = Table(f"Indexing {path.name}")
    with TemporaryDirectory() as folder:
        root = Path(folder)
        whole = seehear(
            "index", path, "--captions", "never", "--json", home=root / "whole", env={"SEEHEAR_THREADS": "2"}
        )
        heard = seehear(
            "transcribe", path, "--json", home=root / "heard", env={"SEEHEAR_THREADS": "2", "SEEHEAR_CAPTIONS": "never"}
        )
        found = part("find", path)
        points = [SamplePoint(at, Span(start, end), "slide") for at, start, end in json.loads(found.out)["points"]]
        decoded = part("decode", path)
        times_s = complete_s if complete_s is not None else [point.time_s for point in points]
        save_pictures(path, times_s, root / "pictures")
        read = part("read", root / "pictures")
        scripts = {
            "ffmpeg `scene>0.3`": obvious(path, "--scene", "0.3"),
            f"a frame each {EVERY_S:g} s": obvious(path, "--every", str(EVERY_S)),
        }
    parts_s = heard.cpu_s + read.cpu_s
    table.add("whole index", cost(whole))
    table.add("transcription alone", cost(heard))
    table.add(f"reading the {len(times_s)} distinct pictures alone", cost(read))
    ratio = whole.cpu_s / parts_s
    table.add("whole index ÷ (transcription + reading), CPU", f"{ratio:.2f}", f"≤ {MOST_OF_PARTS}",
              met=ratio <= MOST_OF_PARTS)  # fmt: skip
    table.add("— the same, wall", f"{whole.wall_s / (heard.wall_s + read.wall_s):.2f}")
    decode_s, find_s = json.loads(decoded.out)["cpu_s"], json.loads(found.out)["cpu_s"]
    ratio = find_s / decode_s
    table.add("plain decode of every frame, without process start", f"{decode_s:.2f} CPU s")
    table.add(f"finding slides ({len(points)} points), without process start", f"{find_s:.2f} CPU s")
    table.add("finding ÷ plain decode, CPU", f"{ratio:.2f}", f"≤ {MOST_OF_DECODE}", met=ratio <= MOST_OF_DECODE)
    for name, done in scripts.items():
        frames_s = json.loads(done.out)["frames_s"]
        ratio = whole.cpu_s / done.cpu_s
        table.add(f"obvious script, {name}: {len(frames_s)} frames", cost(done))
        table.add("— whole index ÷ that script, CPU", f"{ratio:.2f}")
        if truth is not None:
            table.add("— true changes it has a frame within 0.5 s of", seen(truth, frames_s))
    if truth is not None:
        table.add("true changes the whole index finds", seen(truth, points=points))
    table.note(f"peak memory of the process tree: whole index {whole.peak_bytes / 2**20:.0f} MB, "
               f"obvious script {max(s.peak_bytes for s in scripts.values()) / 2**20:.0f} MB")  # fmt: skip
    return table


def part(name: str, path: Path) -> Child:
    return run_child([sys.executable, Path(__file__), "--part", name, path]).checked()


def obvious(path: Path, *choice: str) -> Child:
    return run_child([sys.executable, ROOT / "bench" / "obvious.py", path, *choice]).checked()


def save_pictures(path: Path, times_s: list[float], folder: Path) -> None:
    from PIL import Image

    from seehear.media.decode import shown_at

    folder.mkdir()
    for number, (_, frame) in enumerate(shown_at(path, times_s)):
        Image.fromarray(frame.rgb).save(folder / f"{number:04d}.png", compress_level=1)


def seen(truth: dict[str, object], frames_s: list[float] | None = None, points: list[SamplePoint] | None = None) -> str:
    changes = changes_of(truth)
    if points is None:
        points = [SamplePoint(at, Span(at, at), "frame") for at in frames_s or ()]
    compared = compare_changes(changes, points)
    return f"{len(compared.found)} of {len(changes)}, and {len(compared.false_s)} that are none"


def cost(done: Child) -> str:
    return f"{done.cpu_s:.1f} CPU s, {done.wall_s:.1f} s wall"


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--media", type=Path, nargs="*", default=[TALK], help="measure these too")
    parser.add_argument("--part", nargs=2, metavar=("NAME", "PATH"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.part:
        print(json.dumps(PARTS[chosen.part[0]](Path(chosen.part[1]))))
        return
    truth = truth_beside(chosen.lecture)
    # Each true state once, as it is before the next change.
    complete_s = [min(c.next_s - 0.1, c.end_s + 0.2) for c in changes_of(truth)]
    began = time.strftime("%H:%M:%S")
    tables = [measure(chosen.lecture, complete_s=complete_s, truth=truth)]
    tables += [measure(path, complete_s=None, truth=None) for path in chosen.media if path.is_file()]
    tables[0].note(f"began {began}, ended {time.strftime('%H:%M:%S')}")
    finish(tables, chosen.json)


if __name__ == "__main__":
    main()
