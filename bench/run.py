"""Run the benches one after the other and write what they measured as Markdown and JSON.

    python bench/run.py [--lecture out/lecture.mp4] [--out out/bench] [--only lecture,real] [--long]

Every bench is a process of its own and can be run alone; one that fails is reported and the others go on. The result
names command, machine, date and commit. `--only` measures some anew and keeps what was measured of the others.
`--long` adds what takes an hour: the questions with the language model, and two hours of recording for memory.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from report import ROOT, command, commit, machine, run_child

LECTURE = "{lecture}"
JSON = "{json}"
HOME = "{home}"


@dataclass(frozen=True, slots=True)
class Bench:
    """A script under bench/ and what it is called with; a long one runs only when asked for."""

    name: str
    script: str
    arguments: tuple[str, ...] = ()
    long: bool = False


BENCHES = (
    Bench("lecture", "lecture.py", ("--lecture", LECTURE, "--home", HOME, "--json", JSON)),
    Bench("model", "lecture.py", ("--lecture", LECTURE, "--home", HOME, "--json", JSON, "--model"), long=True),
    Bench("answers", "answers.py", ("--lecture", LECTURE, "--home", HOME, "--json", JSON), long=True),
    Bench("answer-times", "answers.py", ("--time", "--json", JSON), long=True),
    Bench("real", "real.py", ("--json", JSON)),
    Bench("startup", "startup.py", ("--lecture", LECTURE, "--home", HOME, "--json", JSON)),
    Bench("search", "search.py"),
    Bench("slides", "slides.py"),
    Bench("index", "index.py", ("--lecture", LECTURE, "--json", JSON)),
    Bench("memory", "memory.py", ("--lecture", LECTURE, "--json", JSON)),
    Bench(
        "two-hours",
        "memory.py",
        ("--lecture", LECTURE, "--json", JSON, "--long", "--hear", "whisper:tiny.en"),
        long=True,
    ),
    Bench("read", "read.py", ("--json", JSON)),
    Bench("hear", "hear.py", ("--json", JSON)),
    Bench("retrieval", "retrieval.py"),
    Bench("calls", "calls.py", ("--json", JSON)),
)
NAMES = tuple(bench.name for bench in BENCHES)


def run(bench: Bench, places: dict[str, str]) -> dict[str, Any]:
    """Run one bench; the result has tables, or else what it printed."""
    target = Path(places[JSON])
    target.unlink(missing_ok=True)
    given = [places.get(argument, argument) for argument in bench.arguments]
    done = run_child([sys.executable, ROOT / "bench" / bench.script, *given])
    result: dict[str, Any] = {
        "name": bench.name, "command": shown_command(bench, places), "exit_code": done.code,
        "date": time.strftime("%Y-%m-%d %H:%M"), "commit": commit(), "machine": machine(),
        "cpu_s": round(done.cpu_s, 1), "wall_s": round(done.wall_s, 1),
    }  # fmt: skip
    if target.is_file():
        result["tables"] = json.loads(target.read_text(encoding="utf-8"))
    result["output"] = done.out
    if done.code:
        result["error"] = done.err.strip()[-2000:]
    return result


def shown_command(bench: Bench, places: dict[str, str]) -> str:
    """How to run this bench alone."""
    given = list(bench.arguments)
    for hidden in (JSON, HOME):
        if hidden in given:
            at = given.index(hidden)
            del given[at - 1 : at + 1]
    return " ".join(["python", f"bench/{bench.script}", *(places.get(a, a) for a in given)])


def to_markdown(head: dict[str, str], results: Sequence[dict[str, Any]]) -> str:
    """The whole report."""
    lines = ["# Measurements", "", *(f"- {name}: {value}" for name, value in head.items()), ""]
    lines += ["Every section names the command that repeats it. `make bench` repeats all.", ""]
    rows = [row for r in results for table in r.get("tables", ()) for row in table["rows"] if row["met"] is not None]
    missed = [row for row in rows if not row["met"]]
    lines += [f"{len(rows) - len(missed)} of {len(rows)} targets are met."]
    lines += [f"- missed: {row['what']}: {row['value']} (target {row['target']})" for row in missed]
    for result in results:
        lines += ["", f"## {result['name']}", "", f"`{result['command']}`"]
        lines += [
            f"({result['date']}, commit {result['commit']}; {result['cpu_s']} CPU s, {result['wall_s']} s wall)",
            "",
        ]
        if result["exit_code"]:
            lines += [f"failed with exit code {result['exit_code']}:", "", *fenced(result["error"]), ""]
        # What prints tables prints them as Markdown; the rest is shown as it came.
        lines += [result["output"].strip()] if "|---" in result["output"] else fenced(result["output"])
    return "\n".join(lines).rstrip() + "\n"


def fenced(text: str) -> list[str]:
    """Text as a block of its own."""
    return ["```text", text.strip(), "```"] if text.strip() else []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lecture", type=Path, default=ROOT / "out" / "lecture.mp4")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "bench")
    parser.add_argument("--only", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--long", action="store_true", help="the long ones too")
    chosen = parser.parse_args()
    usual = [bench.name for bench in BENCHES if chosen.long or not bench.long]
    wanted = [name.strip() for name in chosen.only.split(",")] if chosen.only else usual
    if unknown := sorted(set(wanted) - set(NAMES)):
        parser.error(f"there is no bench {', '.join(unknown)}; there are {', '.join(NAMES)}")
    head = {"command": command(), "machine": machine(), "date": time.strftime("%Y-%m-%d %H:%M"), "commit": commit()}
    chosen.out.mkdir(parents=True, exist_ok=True)
    written = chosen.out / "measurements.json"
    known: dict[str, dict[str, Any]] = {}
    if written.is_file() and chosen.only:
        known = {bench["name"]: bench for bench in json.loads(written.read_text(encoding="utf-8"))["benches"]}
    with TemporaryDirectory() as folder:
        places = {LECTURE: str(chosen.lecture), JSON: f"{folder}/tables.json", HOME: f"{folder}/home"}
        for bench in (b for b in BENCHES if b.name in wanted):
            if not (ROOT / "bench" / bench.script).is_file():
                continue
            print(f"… {bench.name}", file=sys.stderr, flush=True)
            result = run(bench, places)
            print(result["output"], flush=True)
            if result["exit_code"]:
                print(f"{bench.name} failed: {result['error']}", file=sys.stderr, flush=True)
            known[bench.name] = result
            results = [known[name] for name in NAMES if name in known]
            # Written after each, so that stopping early keeps what was measured.
            (chosen.out / "measurements.md").write_text(to_markdown(head, results), encoding="utf-8")
            text = json.dumps({**head, "benches": results}, ensure_ascii=False, indent=1)
            written.write_text(text + "\n", encoding="utf-8")
    print(f"written to {chosen.out / 'measurements.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
