"""`seehear doctor` and `seehear backends`: what this machine can do, and the command that mends what it cannot."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sqlite3
import sys
from typing import Any

import click

from seehear.errors import SeehearError
from seehear.surfaces.cli.console import common, counted, note, plain, print_json, say, size
from seehear.surfaces.cli.doctor_servers import Finding, Servers, fault_of, look
from seehear.surfaces.cli.options import choosing

FREE_BYTES_WANTED = 2_000_000_000


@click.command(short_help="Check this machine, its models and servers, and say how to mend what is missing.")
@click.option("--probe", is_flag=True, help="Try models of servers; what that may cost is said first.")
@choosing("see", "hear", "embed", "rerank", "answer", "local")
@common
def doctor(as_json: bool, home: str | None, probe: bool, **settings: Any) -> None:
    """Check Python, packages, models, servers, the library and the disk; each problem comes with what mends it.

    Servers are asked what they have, for nothing and within seconds. Nothing is sent off this machine with --local.

    \b
    seehear doctor --local
    """
    findings = [*_system(), *_packages(), *_plugins(), *_weights()]
    here, servers = _library(home, probe, settings)
    findings += [*here, *servers.findings]
    broken = [finding for finding in findings if not finding.ok and finding.needed]
    if as_json:
        told = [finding.as_json() for finding in findings]
        reports = [report.as_json() for report in servers.reports]
        print_json({"ok": not broken, "findings": told, "servers": reports, "chosen": servers.chosen})
    else:
        for finding in findings:
            mark, colour = ("ok", "green") if finding.ok else ("!!", "red") if finding.needed else ("--", "yellow")
            say(f" {mark} ", newline=False, fg=colour)
            say(f"{finding.what:<26} {plain(finding.detail)}")
            for line in finding.lines:
                say(f"{'':<33}{plain(line)}", dim=True)
            if finding.mend and not finding.ok:
                say(f"{'':<31}→ {plain(finding.mend)}")
        note("everything is there" if not broken else f"{counted(len(broken), 'thing')} to mend")
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
                        f"package {package}", False, f"not installed; {name} needs it", "pip install 'seehear[local]'",
                        fault="installation",
                    )
                )  # fmt: skip
    return findings


def _plugins() -> list[Finding]:
    from seehear.backends import plugins, registry

    findings = []
    there = plugins.found()
    for plugin in there:
        error = plugins.problem_of(plugin, registry.prefixes(), there)
        detail = f"brought by {plugin.label}" if error is None else error.message
        mend = "" if error is None else error.hint
        fault = "" if error is None else "installation"
        findings.append(Finding(f"backend {plugin.prefix}", error is None, detail, mend, needed=False, fault=fault))
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


def _library(home: str | None, probe: bool, settings: dict[str, Any]) -> tuple[list[Finding], Servers]:
    from seehear.library import Library

    try:
        with Library(home, **settings) as opened:
            free = shutil.disk_usage(opened.store.home).free
            count = len(opened.media())
            here = [
                Finding("library", True, f"{counted(count, 'recording')} in {opened.settings.home}"),
                Finding("disk", free > FREE_BYTES_WANTED, f"{size(free)} free", "free some space", needed=False),
            ]
            return here, look(opened, probe=probe)
    except SeehearError as error:
        return [Finding("library", False, error.message, error.hint, fault=fault_of(error))], Servers()


@click.command(short_help="List what can see, hear, search and answer here.")
@common
def backends(as_json: bool, home: str | None) -> None:
    """List every backend with what it can do, those of other packages too, and mark the ones that are chosen now."""
    from seehear.backends import plugins, registry
    from seehear.library import Library

    with Library(home) as opened:
        now = opened.models.cards()
    chosen = {(capability, card.name) for capability, card in now.items()}
    cards = [
        (capability, registry.card_of(name))
        for name, entry in registry.ENTRIES.items() for capability in entry.capabilities
    ]  # fmt: skip
    known = {(capability, card.name) for capability, card in cards}
    cards += [(capability, card) for capability, card in now.items() if (capability, card.name) not in known]
    rows = [
        {
            "name": card.name, "capability": capability, "chosen": (capability, card.name) in chosen,
            "runs": card.runs, "streams": card.streams, "word_times": card.word_times,
            "context_tokens": card.context_tokens, "dimensions": card.dimensions, "languages": list(card.languages),
            "weights": list(card.weights), "packages": list(card.packages), "licence": card.licence,
        }
        for capability, card in cards
    ]  # fmt: skip
    there = plugins.found()
    others = [(plugin, plugins.problem_of(plugin, registry.prefixes(), there)) for plugin in there]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        mark = "*" if row["chosen"] else " "
        say(f"{mark} {row['capability']:<8} {row['name']:<26} runs {row['runs']:<7} {row['licence']}")
    for plugin, error in others:
        told = ", ".join(plugins.maker_of(plugin).capabilities) if error is None else plain(error.message)
        say(f"  {plugin.prefix}[:MODEL] of {plugin.label}: {told}")
    note("* chosen now; choose others with --hear, --answer, the configuration file or the environment")
