"""The house keeps its shape: who may import whom, how long a file may be, what a bare import costs."""

import ast
import subprocess
import sys
from pathlib import Path

from seehear.backends.fake import Fake
from seehear.ingest.place import place
from seehear.ingest.progress import Reporter
from seehear.store import Store
from tests.talks import talk

PACKAGE = Path(__file__).parent.parent / "src" / "seehear"
MODULES = sorted(PACKAGE.rglob("*.py"))
LEVELS = {
    "errors": 0, "spans": 1, "values": 2,
    "timeline": 3, "captions": 3, "config": 3, "prompts": 3, "weights": 3, "notes": 3, "units": 3,
    "spend": 3, "words": 3, "language": 3, "fences": 3,
    "media": 4, "backends": 4, "store": 4, "generate": 4,
    "search": 5, "answer": 5, "ingest": 5, "evaluate": 5,
    "models": 6, "indexing": 7, "library": 8, "look": 8, "surfaces": 9,
}  # fmt: skip
HEAVY = {"av", "torch", "onnxruntime", "faster_whisper", "rapidocr", "xllamacpp", "tokenizers", "PIL", "rich", "httpx",
         "openai", "httpx2", "transformers", "fastapi", "starlette", "uvicorn", "pydantic", "mcp", "prometheus_client",
         "yt_dlp"}  # fmt: skip


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            if node.module == "seehear":
                found += [f"seehear.{alias.name}" for alias in node.names]
            else:
                found.append(node.module)
    return found


def test_a_module_imports_only_what_lies_below_it() -> None:
    for path in MODULES:
        if part_of(path) not in ("__init__", "__main__"):
            imports_only_what_lies_below(path)


def imports_only_what_lies_below(path: Path) -> None:
    part = part_of(path)
    for name in imports_of(path):
        pieces = name.split(".")
        if pieces[0] != "seehear" or len(pieces) < 2 or pieces[1] == part:
            continue
        other = pieces[1]
        assert other in LEVELS, f"{name} has no level yet: give it one here and in docs/how-it-works.md"
        if pieces[1:3] == ["backends", "protocols"]:
            # Contracts are made of values alone, so whoever stands above values may name them.
            assert LEVELS[part] >= 3, f"{path.name} stands below the protocols"
            continue
        if LEVELS[part] == 5:
            assert other != "backends", f"{path.name} may import only backends.protocols, not {name}"
        same_is_allowed = LEVELS[part] in (3, 5)
        assert LEVELS[other] < LEVELS[part] or (same_is_allowed and LEVELS[other] == LEVELS[part]), (
            f"{path.relative_to(PACKAGE)} (level {LEVELS[part]}) imports {name} (level {LEVELS[other]})"
        )


def test_no_file_is_long() -> None:
    assert [path for path in MODULES if len(path.read_text(encoding="utf-8").splitlines()) > 600] == []


def test_every_module_has_a_level() -> None:
    assert {part_of(path) for path in MODULES} - set(LEVELS) - {"__init__", "__main__", "data"} == set()


def test_a_surface_starts_another_only_from_the_command_line_or_as_part_of_the_server() -> None:
    allowed = {"cli/serve.py": {"server"}, "cli/mcp.py": {"mcp"}, "server/assistants.py": {"mcp"}}
    surfaces = PACKAGE / "surfaces"
    for path in surfaces.rglob("*.py"):
        place = path.relative_to(surfaces)
        own = place.parts[0].removesuffix(".py")
        others = {name.split(".")[2] for name in imports_of(path) if name.startswith("seehear.surfaces.")} - {own}
        assert others <= allowed.get(place.as_posix(), set()), f"{place} imports {sorted(others)}"


def test_importing_seehear_loads_no_decoder_and_no_model_runtime() -> None:
    code = f"import sys, seehear; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"


def test_the_command_line_starts_without_decoder_and_model_runtime() -> None:
    code = (
        "import sys, click\nfrom seehear.surfaces.cli.app import cli\nnames = cli.list_commands(click.Context(cli))\n"
        "assert all(cli.get_command(click.Context(cli), name) for name in names)\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"


def test_who_asks_of_what_is_indexed_waits_for_nothing_else_to_be_imported(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        place(store, talk(media_id="b" * 64), embedder=Fake, reporter=Reporter())
    others = ["ingest.run", "ingest.stages", "surfaces.cli.doctor", "surfaces.cli.serve", "search.cjk_topics"]
    wanted = {"numpy.ma", "ssl", "importlib.metadata", *(f"seehear.{name}" for name in others)}
    code = (
        "import sys\nfrom seehear.surfaces.cli.app import _run\n"
        f"assert _run(['ask', 'bees', 'when are functions explained?', '--home', {str(tmp_path)!r}, '--local', "
        "'--answer', 'extractive', '--embed', 'fake']) == 0\n"
        f"print(sorted({wanted!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_error_tree_is_drawn_as_it_is() -> None:
    from seehear import errors

    classes = [
        cls for cls in vars(errors).values()
        if isinstance(cls, type) and issubclass(cls, errors.SeehearError) and cls is not errors.SeehearError
    ]  # fmt: skip
    assert len({cls.exit_code for cls in classes}) == len(classes), "two errors share an exit code"
    for cls in classes:
        assert f"{cls.__name__} " in (errors.__doc__ or ""), f"{cls.__name__} is missing in the drawing"
        row = next(line for line in (errors.__doc__ or "").splitlines() if f" {cls.__name__} " in line)
        assert f" {cls.exit_code} " in row, row
        assert f" {cls.http_status} " in row, row
        assert cls.retryable == ("retry helps" in row), row
