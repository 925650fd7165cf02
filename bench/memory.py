"""Whether memory stays flat over length: peak resident memory of indexing a short and a long recording.

    python bench/memory.py --lecture out/lecture.mp4 [--minutes 10,40] [--long] [--hear whisper:tiny.en]

Both recordings are the example lecture over and over, its packets copied with later times and nothing re-encoded.
The peak is that of the whole process tree, looked at every 0.1 s. `--long` takes two hours instead of 40 minutes.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import av

from report import Table, finish, options, seehear, truth_beside

APART_MB, MOST_MB = 100, 1500
LONG_MINUTES = 120


def repeat(source: Path, target: Path, *, minutes: float) -> int:
    """Copy the picture and the sound of `source` one after the other until `minutes` are full; returns the copies."""
    with av.open(str(target), "w") as out:
        made = 0
        streams: dict[int, av.stream.Stream] = {}
        length_s = 0.0
        while made == 0 or made * length_s < minutes * 60:
            with av.open(str(source)) as container:
                if not streams:
                    kept = [s for s in container.streams if s.type in ("video", "audio")]
                    streams = {s.index: out.add_stream_from_template(s) for s in kept}
                    # A second of air, so that no packet of one copy comes before the last of another.
                    length_s = (container.duration or 0) / 1_000_000 + 1.0
                chosen = [container.streams[index] for index in streams]
                for packet in container.demux(chosen):
                    if packet.dts is None:
                        continue
                    shift = round(made * length_s / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = streams[packet.stream.index]
                    out.mux(packet)
            made += 1

    return made


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--minutes", default="10,40", help="lengths to compare, the shortest first")
    parser.add_argument("--long", action="store_true", help=f"compare 10 minutes with {LONG_MINUTES}")
    parser.add_argument("--hear", default="auto")
    chosen = parser.parse_args()
    truth_beside(chosen.lecture)
    minutes = [10.0, LONG_MINUTES] if chosen.long else [float(m) for m in chosen.minutes.split(",")]
    table = Table("Memory over length: indexing")
    peaks_mb: list[float] = []
    for length in minutes:
        with TemporaryDirectory() as folder:
            film = Path(folder) / "long.mp4"
            copies = repeat(chosen.lecture, film, minutes=length)
            done = seehear(
                "index", film, "--captions", "never", "--hear", chosen.hear, "--json", home=Path(folder) / "home"
            )
            row = json.loads(done.out)[0]
            peaks_mb.append(done.peak_bytes / 2**20)
            table.add(
                f"{length:g} minutes ({copies} copies, {row['events']} events, {row['gaps']} gaps)",
                f"{peaks_mb[-1]:.0f} MB", f"< {MOST_MB} MB", met=peaks_mb[-1] < MOST_MB,
            )  # fmt: skip
            table.add(f"— CPU and wall of {length:g} minutes", f"{done.cpu_s:.0f} s and {done.wall_s:.0f} s")
    apart = peaks_mb[-1] - peaks_mb[0]
    table.add("the longest against the shortest", f"{apart:+.0f} MB", f"≤ {APART_MB} MB", met=apart <= APART_MB)
    finish([table], chosen.json)


if __name__ == "__main__":
    main()
