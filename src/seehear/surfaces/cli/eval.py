"""`seehear eval`: how right seehear is on one's own recordings, and questions drafted to find out."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from seehear.config import Settings
from seehear.errors import ConfigError, InputError, NotFoundError
from seehear.surfaces.cli.console import announce, common, flat, note, print_json, say
from seehear.surfaces.cli.options import choosing
from seehear.surfaces.cli.progress import Live

if TYPE_CHECKING:
    from seehear.evaluate import Comparison, Question, Run
    from seehear.library import Library

LABEL_WIDTH = 42
CELL_WIDTH = 9
HEADINGS = {
    "library": "looked for in all recordings", "recording": "asked of the right recording",
    "refusal": "answered or refused", "answer": "the written answer", "cost": "what a question takes",
}  # fmt: skip


@click.command("eval", short_help="Measure answers on questions of your own.")
@click.argument("inputs", nargs=-1, metavar="QUESTIONS | --make [MEDIA]...")
@click.option("--in", "scope", multiple=True, metavar="MEDIA", help="Search only these (repeatable; default: all).")
@click.option("--against", metavar="WHAT", help="Compare with: answer=extractive, settings.toml or a saved run.json.")
@click.option("--each", is_flag=True, help="Print each question with what was found for it.")
@click.option("--make", is_flag=True, help="Draft questions from MEDIA (default: the whole library) instead.")
@click.option("--count", type=click.IntRange(1, 1000), default=20, show_default=True, help="With --make: how many.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Save the run as JSON; with --make the questions."
)
@choosing("answer", "see", "hear", "embed", "rerank", "captions", "language", "local", "budget_usd")
@common
def evaluate(
    inputs: Sequence[str], scope: Sequence[str], against: str | None, each: bool, make: bool, count: int,
    output: Path | None, as_json: bool, home: str | None, **settings: Any,
) -> None:  # fmt: skip
    """Ask every question of a file (one JSON object per line) and print how right the answers are.

    What is not indexed yet is indexed first. docs/evaluating.md defines the file and every number.

    \b
    seehear eval --make lecture.mp4 -o questions.jsonl
    seehear eval questions.jsonl
    seehear eval questions.jsonl --against answer=extractive
    """
    from seehear.library import Library

    if make:
        if against or scope or each:
            raise InputError("--make goes with MEDIA, --count and -o only")
        with Library(home, **settings) as library, Live(quiet=as_json) as live:
            _make(library, inputs, count, output, as_json, live)
        return
    if click.get_current_context().get_parameter_source("count") is ParameterSource.COMMANDLINE:
        raise InputError("--count goes with --make only", hint="seehear eval --make lecture.mp4 --count 10")
    if len(inputs) != 1:
        raise InputError(
            f"one file of questions is wanted, {len(inputs)} are given", hint="seehear eval questions.jsonl"
        )
    from seehear.evaluate import compare_runs, read_questions

    questions = read_questions(Path(inputs[0]))
    other = _other(against)
    if isinstance(other, dict):
        # A setting that cannot be is told now, not when all has been asked once.
        Library(home, **{**settings, **other}).close()
    _warn_of_drafts(questions)
    with Library(home, **settings) as library, Live(quiet=as_json) as live:
        this = _run(library, questions, scope, live, "asking")
    compared = None
    if other is not None:
        if isinstance(other, dict):
            with Library(home, **{**settings, **other}) as library, Live(quiet=as_json) as live:
                other = _run(library, questions, scope, live, "asking again")
        compared = compare_runs(this, other)
    shape = {**this.as_json(), **({} if compared is None else {"against": compared.as_json()})}
    if output is not None:
        _write(output, shape)
    if as_json:
        print_json(shape)
        return
    if each:
        _print_each(this)
    _print_run(this)
    if compared is not None:
        _print_comparison(compared)


def _other(against: str | None) -> Run | dict[str, Any] | None:
    """What to compare with: a saved run, or settings to run with."""
    if against is None:
        return None
    from seehear.evaluate import read_run

    path = Path(against)
    if path.suffix == ".json":
        return read_run(path)
    if path.suffix == ".toml":
        from seehear.config import read_file

        if not path.is_file():
            raise NotFoundError(f"no such settings file: {path}", hint="--against answer=extractive")
        return _known(read_file(path))
    parts = [part.partition("=") for part in against.split(",")]
    if not all(equals and value for _, equals, value in parts):
        raise InputError(
            f"--against {against} is neither settings nor a saved run",
            hint="--against answer=extractive, --against settings.toml or --against run.json",
        )
    return _known({name.strip(): value.strip() for name, _, value in parts})


def _known(settings: dict[str, Any]) -> dict[str, Any]:
    known = {field.name for field in fields(Settings)} - {"home"}
    unknown = sorted(set(settings) - known)
    if unknown:
        raise ConfigError(f"--against: unknown setting {unknown[0]!r}", hint=f"known are {', '.join(sorted(known))}")
    return settings


def _run(library: Library, questions: Sequence[Question], scope: Sequence[str], live: Live, label: str) -> Run:
    from seehear.evaluate import check_places, run

    named = sorted({question.media for question in questions if question.media})
    announce(library, "answer", "embed", "rerank", media=[*named, *scope])

    def identify(media: str) -> str:
        return library.resolve(media, on_progress=live.progress, on_pull=live.pull)

    known: dict[str, str] = {}
    for media in named:
        try:
            known[media] = identify(media)
        except NotFoundError as error:
            line = next(question.line for question in questions if question.media == media)
            raise NotFoundError(f"line {line}: {error.message}", hint=error.hint) from error
    lengths_s = {row.id: row.duration_s for row in library.media()}
    check_places(questions, {media: lengths_s[known[media]] for media in named})
    ids = [identify(media) for entry in scope for media in _flat(entry)] or [row.id for row in library.media()]
    if not ids:
        raise NotFoundError("the library is empty", hint="name the media of each question, or seehear index them")

    def on_asked(position: int, total: int, question: Question) -> None:
        live.show(label, position, total, f"{position}/{total}")

    models = {capability: library.models.name(capability) or "none" for capability in ("answer", "embed", "rerank")}
    return run(
        library, questions, identify=identify, scope=list(dict.fromkeys(ids)),
        embedder=library.models.embedder_for_search(), settings=models, on_asked=on_asked,
    )  # fmt: skip


def _flat(entry: str) -> list[str]:
    from seehear.media.source import find_media

    return [str(path) for path in find_media([entry])] if Path(entry).is_dir() else [entry]


def _make(
    library: Library, media: Sequence[str], count: int, output: Path | None, as_json: bool, live: Live
) -> None:  # fmt: skip
    from seehear.evaluate import draft, write_questions

    announce(library, "answer", media=media)
    names = [path for entry in media for path in _flat(entry)]
    named = {library.resolve(name, on_progress=live.progress, on_pull=live.pull): name for name in names}
    rows = library.media()
    if not named:
        titles = [row.title for row in rows]
        named = {row.id: row.title if titles.count(row.title) == 1 else row.id[:12] for row in rows}
    if not named:
        raise NotFoundError("the library is empty", hint="seehear eval --make lecture.mp4")
    timelines = [(name, library.timeline(media_id)) for media_id, name in named.items()]
    others = [library.timeline(row.id) for row in rows if row.id not in named]
    live.show("drafting", 0, 1)
    with library.models.charged_to():
        questions = draft(timelines, count=count, others=others, writer=library.models.answerer())
    live.stop()
    text = write_questions(questions)
    if output is not None:
        _write_text(output, text)
    if as_json:
        print_json([question.as_json() for question in questions])
    elif output is None:
        say(text, newline=False)
    absent = sum(not question.answerable for question in questions)
    where = f" in {output}" if output is not None else ""
    note(f"{len(questions)} drafts{where}, {absent} of them without an answer in their recording")
    if not absent and questions:
        note("with a second recording in the library some would ask for what is not there", dim=True)
    if len(questions) < count:
        note(f"that is all that was found in {len(timelines)} recording(s)", dim=True)
    note('read them, mend them, and take "draft" out of each that you have read', dim=True)


def _write(path: Path, shape: dict[str, Any]) -> None:
    import json

    _write_text(path, json.dumps(shape, ensure_ascii=False, indent=1) + "\n")


def _write_text(path: Path, text: str) -> None:
    try:
        path.write_text(text.encode("utf-8", "backslashreplace").decode("utf-8"), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}", hint="choose another file with -o") from error


def _warn_of_drafts(questions: Sequence[Question]) -> None:
    count = sum(question.draft for question in questions)
    if count:
        told = "the question is a draft" if count == len(questions) == 1 else f"{count} of {len(questions)} are drafts"
        note(f"{told} that nobody has read yet: numbers on them say little", fg="yellow")


def _print_run(run: Run) -> None:
    from seehear.evaluate.metrics import GROUPS

    summary, kinds = run.summary, run.kinds
    width = max(60, shutil.get_terminal_size((100, 24)).columns)
    room = (width - LABEL_WIDTH) // (CELL_WIDTH + 1) - 1
    shown = list(kinds)[:room] if len(kinds) > 1 else []
    columns = {"all": summary, **{name: kinds[name] for name in shown}}
    say(f"{'':<{LABEL_WIDTH}}", newline=False)
    say(" ".join(f"{flat(name, width=CELL_WIDTH):>{CELL_WIDTH}}" for name in columns), bold=True)
    _print_row("questions", [f"{numbers['questions']:.0f}" for numbers in columns.values()])
    for group, numbers in GROUPS.items():
        present = [number for number in numbers if number.name in summary]
        if not present:
            continue
        heading = HEADINGS[group] + (f" ({run.scope})" if group == "library" else "")
        say(heading, bold=True)
        for number in present:
            cells = [_cell(column.get(number.name), number.unit) for column in columns.values()]
            _print_row(f"  {number.label}", cells)
    if len(kinds) > len(shown) > 0:
        note(f"not shown for want of room: {', '.join(list(kinds)[len(shown) :])} (--json has all)", dim=True)
    estimated = not all(row.exact_tokens for row in run.rows)
    used = ", ".join(f"{part}: {name}" for part, name in run.backends.items())
    note(f"({used}; {run.seconds:.0f} s in all{'; tokens are estimates' if estimated else ''})", dim=True)


def _print_comparison(compared: Comparison) -> None:
    from seehear.evaluate.metrics import GROUPS

    used = ", ".join(f"{part}: {name}" for part, name in compared.other.backends.items())
    say(f"\nagainst {used}, on {compared.shared} questions of both", bold=True)
    names = ("this", "against", "diff.", "95 %", "", "p", "n")
    say(f"{'':<{LABEL_WIDTH}}" + " ".join(f"{name:>{CELL_WIDTH}}" for name in names), dim=True)
    for numbers in GROUPS.values():
        for number in numbers:
            row = compared.numbers.get(number.source)
            if row is None or not number.compared:
                continue
            cells = [_cell(value, number.unit) for value in (row.first, row.second)]
            cells += [_cell(value, number.unit, signed=True) for value in (row.difference, row.low, row.high)]
            label = number.label.replace(", median", ", mean")
            _print_row(f"{label}", [*cells, _p(row.p), str(row.pairs)], strong=row.p < 0.05)


def _print_row(label: str, cells: Sequence[str], *, strong: bool = False) -> None:
    line = f"{flat(label, width=LABEL_WIDTH) if not label.startswith(' ') else label:<{LABEL_WIDTH}}"
    say(line + " ".join(f"{cell:>{CELL_WIDTH}}" for cell in cells), **({"bold": True} if strong else {}))


def _cell(value: float | None, unit: str, *, signed: bool = False) -> str:
    if value is None:
        return "·"
    sign = "+" if signed else ""
    if unit == "share":
        return f"{value:{sign}.3f}"
    return f"{value:{sign}.2f} s" if unit == "seconds" else f"{value:{sign}.0f}"


def _p(value: float) -> str:
    return "< .001" if value < 0.001 else f"{value:.3f}"


def _print_each(run: Run) -> None:
    mark = {True: "+", False: "-"} if not sys.stdout.isatty() else {True: "✓", False: "✗"}
    for row in run.rows:
        right = row.scores["refusal.right"] > 0 and row.scores.get("recording.moment@1", 1.0) > 0
        found = "refused" if row.refused else row.first or "nothing found"
        say(f"{mark[right]} {row.question.line:>4}  {flat(row.question.text, width=60):<60}  {flat(found, width=40)}")
    say()
