"""The page's files keep what its safety rests on: no markup from text, nothing inline, nothing from elsewhere."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from seehear.media.source import MEDIA_SUFFIXES

PAGE = Path(__file__).parents[2] / "src" / "seehear" / "surfaces" / "web"
SCRIPTS = sorted(PAGE.glob("*.js"))
STYLES = sorted(PAGE.glob("*.css"))
FORBIDDEN = {
    "markup from text": r"(?:inner|outer)HTML|AdjacentHTML|ContextualFragment|document\.write|DOMParser|srcdoc",
    "code from text": r"\beval\s*\(|\bnew\s+Function\b|\bset(?:Timeout|Interval)\s*\(\s*[\"'`]|javascript:",
    "a handler as an attribute": r"setAttribute\(\s*[\"']on|\son(?:click|load|error|input|submit)\s*=",
    "a style as an attribute": r"setAttribute\(\s*[\"']style|\.cssText\b",
    "a module from elsewhere": r"\bimport\s*\(\s*(?!\"\./)|from\s+[\"'](?!\./)",
    "words for developers only": r"\bconsole\.\w+\(|\bdebugger\b|\bTODO\b",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_script_holds(what: str) -> None:
    found = {path.name: re.search(FORBIDDEN[what], path.read_text(encoding="utf-8")) for path in SCRIPTS}
    assert len(found) > 10
    assert {name: match[0] for name, match in found.items() if match} == {}


def test_every_script_is_short_and_says_what_it_is() -> None:
    for path in SCRIPTS:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 400, path.name
        assert lines[0] == "/**", path.name
        assert f" * @module {path.stem}" in lines[:10], path.name


def test_the_page_takes_the_files_that_the_library_knows() -> None:
    listed = re.search(r"const MEDIA = /\\\.\(([\w|]+)\)", (PAGE / "uploads.js").read_text(encoding="utf-8"))
    assert listed is not None
    known = set().union(*(MEDIA_SUFFIXES[kind] for kind in ("video", "audio", "image")))
    assert {f".{ending}" for ending in listed[1].split("|")} == known


def test_the_document_holds_nothing_inline_and_names_only_files_that_are_there() -> None:
    text = (PAGE / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text)
    named = re.findall(r'(?:href|src)="(/[^"]*)"', text)
    assert named
    for path in named:
        assert path.startswith("/static/"), path
        assert (PAGE / path.removeprefix("/static/")).is_file(), path


def test_nothing_comes_from_another_host() -> None:
    for path in (*SCRIPTS, *STYLES, PAGE / "index.html"):
        text = path.read_text(encoding="utf-8")
        addresses = re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}[^\s\"')]*", text)
        assert [one for one in addresses if "www.w3.org/2000/svg" not in one] == [], path.name
        assert "@import" not in text, path.name


def test_every_module_is_imported_by_another() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    lonely = [path.name for path in SCRIPTS if path.name != "main.js" and f'"./{path.name}"' not in text]
    assert lonely == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_script_is_read_without_an_error(path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here; the browser tests read the scripts too")
    done = subprocess.run(
        [node, "--input-type=module", "--check"], input=path.read_bytes(), capture_output=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def test_what_the_server_tells_begins_as_a_sentence_and_names_keep_their_letters() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here")
    told = ["the file is too large", "talk.mp4 has no sound", "seehear library lists what is", "a correction is empty"]
    code = (
        f'import {{ sentence }} from "{(PAGE / "api.js").as_uri()}"; console.log({told!r}.map(sentence).join("\\n"));'
    )
    done = subprocess.run(
        [node, "--input-type=module", "-e", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stdout.splitlines() == ["The file is too large", *told[1:3], "A correction is empty"], done.stderr
