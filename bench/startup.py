"""How soon something is on the screen: `seehear --help`, and the moments of a question to an indexed lecture.

    python bench/startup.py --lecture out/lecture.mp4 [--home DIR] [--times 7]

Each number is the median of several runs after one that does not count, process start included. The first moment is
the first line on stdout, read through a pipe; the process is stopped then, before a language model would answer.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from report import ROOT, Table, finish, median, options, seehear, truth_beside

QUESTION = "when are functions explained?"


def first_line_s(*arguments: str | Path, home: Path) -> tuple[float, float]:
    """Wall and processor seconds until the first line."""
    settings = {"SEEHEAR_HOME": str(home), "SEEHEAR_CONFIG": os.devnull, "SEEHEAR_CAPTIONS": "never"}
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "seehear", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **settings},
    )  # fmt: skip
    assert child.stdout is not None
    line = child.stdout.readline()
    took = time.perf_counter() - began
    used = psutil.Process(child.pid).cpu_times()
    child.terminate()
    child.communicate()
    if not line.strip():
        raise RuntimeError(f"{arguments} printed nothing")
    return took, used.user + used.system


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--home", type=Path, help="a library in which the lecture is indexed")
    parser.add_argument("--times", type=int, default=7)
    chosen = parser.parse_args()
    truth_beside(chosen.lecture)
    table = Table("Time to the first line")
    with TemporaryDirectory() as folder:
        home = chosen.home or Path(folder)
        seehear("index", chosen.lecture, "--captions", "never", home=home)
        cases: list[tuple[str, tuple[str | Path, ...], float]] = [("`seehear --help`", ("--help",), 0.3)]
        for answer in ("extractive", "auto"):
            asked = ("ask", chosen.lecture, QUESTION, "--answer", answer)
            cases.append((f"first moment of a warm `seehear ask --answer {answer}`", asked, 1.5))
        for label, arguments, most_s in cases:
            runs = [first_line_s(*arguments, home=home) for _ in range(chosen.times + 1)][1:]
            wall, cpu = [run[0] for run in runs], [run[1] for run in runs]
            value = f"{median(wall):.2f} s ({min(wall):.2f}–{max(wall):.2f}), {median(cpu):.2f} CPU s"
            table.add(label, value, f"≤ {most_s} s", met=median(wall) <= most_s)
    table.note(f"Wall seconds: median (best–worst). Load average at the end: {_load()}, which stretches them above 2.")
    finish([table], chosen.json)


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


if __name__ == "__main__":
    main()
