"""What every bench shares: tables with targets and verdicts, the machine, and what a child process costs."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Row:
    """One measured thing; `met` is None where no target is set."""

    what: str
    value: str
    target: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        """`met`, `MISSED`, or nothing."""
        return "" if self.met is None else "met" if self.met else "MISSED"


@dataclass(slots=True)
class Table:
    """The rows of one bench under a title, with notes on what lies behind them."""

    title: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, what: str, value: object, target: str = "", *, met: bool | None = None) -> None:
        """Append one row."""
        self.rows.append(Row(what, str(value), target, met))

    def note(self, text: str) -> None:
        """Append one line of explanation."""
        self.notes.append(text)

    def to_markdown(self) -> str:
        """The table, then the notes as a list."""
        lines = [f"### {self.title}", "", "| what | measured | target | verdict |", "|---|---|---|---|"]
        lines += [f"| {_cell(r.what)} | {_cell(r.value)} | {_cell(r.target)} | {r.verdict} |" for r in self.rows]
        if self.notes:
            lines += ["", *(f"- {note}" for note in self.notes)]
        return "\n".join(lines) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """The table as JSON."""
        rows = [{"what": r.what, "value": r.value, "target": r.target, "met": r.met} for r in self.rows]
        return {"title": self.title, "rows": rows, "notes": self.notes}


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


@dataclass(frozen=True, slots=True)
class Child:
    """What became of a child process; `cpu_s` is user + system of it and all its children, `peak_bytes` their sum."""

    code: int
    out: str
    err: str
    cpu_s: float
    wall_s: float
    peak_bytes: int

    def checked(self) -> Child:
        """This child, if it ended well. Raises RuntimeError with what it said last."""
        if self.code:
            raise RuntimeError(f"exit code {self.code}: {(self.err or self.out).strip()[-2000:]}")
        return self


def run_child(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, timeout_s: float = 7200) -> Child:
    """Run a command to its end, adding up processor time and watching the resident memory of its process tree."""
    before, began = os.times(), time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            [os.fspath(part) for part in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **(env or {})},
        )  # fmt: skip
        peak = [0]
        watcher = threading.Thread(target=_watch, args=(process.pid, peak), daemon=True)
        watcher.start()
        try:
            code = process.wait(timeout=timeout_s)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        wall_s, after = time.perf_counter() - began, os.times()
        watcher.join()
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", "replace"))
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return Child(code, texts[0], texts[1], cpu_s, wall_s, peak[0])


def _watch(pid: int, peak: list[int]) -> None:
    try:
        root = psutil.Process(pid)
        while root.is_running() and root.status() != psutil.STATUS_ZOMBIE:
            total = 0
            for process in (root, *root.children(recursive=True)):
                try:
                    total += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            peak[0] = max(peak[0], total)
            time.sleep(POLL_S)
    except psutil.NoSuchProcess:
        return


def seehear(*arguments: str | Path, home: Path, env: Mapping[str, str] | None = None) -> Child:
    """Run the command line as a user does, against the library in `home`, settings at their defaults."""
    settings = {"SEEHEAR_HOME": str(home), "SEEHEAR_CONFIG": os.devnull}
    return run_child([sys.executable, "-m", "seehear", *arguments], env={**settings, **(env or {})}).checked()


def machine() -> str:
    """Processor, cores, memory and Python of this machine, in words."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        models = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    memory = round(psutil.virtual_memory().total / 2**30)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.system()}, {name}, {cores} cores, {memory} GB, no GPU used, Python {platform.python_version()}"


def commit() -> str:
    """The commit that is measured, with `+` where files differ from it."""
    try:
        head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
        changed = subprocess.run(
            ["git", "status", "--porcelain", "-uno", "src"], cwd=ROOT, capture_output=True, text=True
        )
    except FileNotFoundError:
        return "unknown"
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "") or "unknown"


def command() -> str:
    """The command that was typed."""
    script = Path(sys.argv[0]).resolve()
    shown = script.relative_to(ROOT) if script.is_relative_to(ROOT) else Path(script.name)
    return shlex.join(["python", str(shown), *sys.argv[1:]])


def median(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def options(description: str | None, *, lecture: bool = True) -> argparse.ArgumentParser:
    """The options every bench takes."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    if lecture:
        parser.add_argument("--lecture", type=Path, default=ROOT / "out" / "lecture.mp4", help="the rendered example")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    return parser


def finish(tables: Sequence[Table], path: Path | None) -> None:
    """Print the tables, and write them as JSON when a path was given."""
    for table in tables:
        print(table.to_markdown())
    if path is not None:
        path.write_text(json.dumps([table.to_dict() for table in tables], ensure_ascii=False, indent=1) + "\n")


def truth_beside(lecture: Path) -> dict[str, Any]:
    """The exact times written beside a rendered lecture. Exits with a hint when the lecture is not there."""
    if not lecture.is_file():
        sys.exit(f"{lecture} is not there: seehear generate lecture examples/lecture/script.md -o {lecture}")
    truth: dict[str, Any] = json.loads(lecture.with_suffix(".json").read_text(encoding="utf-8"))
    return truth
