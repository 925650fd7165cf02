"""`seehear doctor` and `seehear backends`: what this machine can do, and the command that mends what it cannot."""

from __future__ import annotations

import importlib.metadata
import platform
import sqlite3
import sys
from dataclasses import dataclass

import click

from seehear.surfaces.cli.console import common, note, plain, print_json, say, size

FREE_BYTES_WANTED = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `mend` is the command that helps when it is not `ok`."""

    what: str
    ok: bool
    detail: str
    mend: str = ""
    needed: bool = True


@click.command(short_help="Check this machine and say how to mend what is missing.")
@common
def doctor(as_json: bool, home: str | None) -> None:
    """Check Python, packages, models, the library and the disk; each problem comes with the command that mends it."""
    findings = [*_system(), *_packages(), *_weights(), *_library(home)]
    broken = [finding for finding in findings if not finding.ok and finding.needed]
    if as_json:
        print_json(
            {
                "ok": not broken,
                "findings": [
                    {"what": f.what, "ok": f.ok, "needed": f.needed, "detail": f.detail, "mend": f.mend}
                    for f in findings
                ],
            }
        )
    else:
        for finding in findings:
            mark, colour = ("ok", "green") if finding.ok else ("!!", "red") if finding.needed else ("--", "yellow")
            say(f" {mark} ", newline=False, fg=colour)
            say(f"{finding.what:<26} {plain(finding.detail)}")
            if finding.mend and not finding.ok:
                say(f"{'':<31}→ {finding.mend}")
        note("everything is there" if not broken else f"{len(broken)} things are missing")
    if broken:
        raise click.exceptions.Exit(10)


def _system() -> list[Finding]:
    from seehear.config import available_cores

    version = platform.python_version()
    with sqlite3.connect(":memory:") as db:
        options = {row[0] for row in db.execute("PRAGMA compile_options")}
    return [
        Finding("python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer"),
        Finding("machine", True, f"{platform.system()} {platform.machine()}, {available_cores()} cores"),
        Finding("sqlite full-text search", "ENABLE_FTS5" in options, sqlite3.sqlite_version, "use a Python with FTS5"),
    ]


def _packages() -> list[Finding]:
    from seehear.backends.registry import ENTRIES, card_of

    findings = []
    seen: set[str] = set()
    for name in ENTRIES:
        for package in card_of(name).packages:
            if package in seen:
                continue
            seen.add(package)
            try:
                findings.append(Finding(f"package {package}", True, importlib.metadata.version(package)))
            except importlib.metadata.PackageNotFoundError:
                findings.append(
                    Finding(
                        f"package {package}", False, f"not installed; {name} needs it", "pip install 'seehear[local]'"
                    )
                )
    return findings


def _weights() -> list[Finding]:
    from seehear import weights

    findings = []
    for entry in weights.sets().values():
        status = weights.status(entry.name)
        needed = status == "corrupt"
        detail = f"{status} ({size(entry.size_bytes)}, {entry.role})"
        findings.append(
            Finding(f"model {entry.name}", status == "present", detail, f"seehear models pull {entry.name}", needed)
        )
    return findings


def _library(home: str | None) -> list[Finding]:
    import shutil

    from seehear.errors import SeehearError
    from seehear.library import Library

    try:
        with Library(home) as opened:
            free = shutil.disk_usage(opened.store.home).free
            count = len(opened.media())
            detail = f"{count} recordings in {opened.settings.home}"
            return [
                Finding("library", True, detail),
                Finding("disk", free > FREE_BYTES_WANTED, f"{size(free)} free", "free some space", needed=False),
            ]
    except SeehearError as error:
        return [Finding("library", False, error.message, error.hint)]


@click.command(short_help="List what can see, hear, search and answer here.")
@common
def backends(as_json: bool, home: str | None) -> None:
    """List every backend with what it can do, and mark the ones that are chosen now."""
    from seehear.backends.registry import ENTRIES, card_of
    from seehear.library import Library

    with Library(home) as opened:
        chosen = {card.name for card in opened.models.cards().values()}
    rows = []
    for name, entry in ENTRIES.items():
        card = card_of(name)
        rows.append(
            {
                "name": name, "capability": entry.capability, "chosen": name in chosen, "runs": card.runs,
                "streams": card.streams, "word_times": card.word_times, "context_tokens": card.context_tokens,
                "dimensions": card.dimensions, "languages": list(card.languages), "weights": list(card.weights),
                "packages": list(card.packages), "licence": card.licence,
            }
        )  # fmt: skip
    if as_json:
        print_json(rows)
        return
    for row in rows:
        mark = "*" if row["chosen"] else " "
        say(f"{mark} {row['capability']:<8} {row['name']:<26} runs {row['runs']:<7} {row['licence']}")
    note("* chosen now; choose others with --hear, --answer, the configuration file or the environment")
