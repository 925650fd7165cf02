"""An assistant connects over MCP, as the assistants do: the official client, a process of its own, stdin and stdout."""

import base64
import io
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from mcp import Client, StdioServerParameters, stdio_client
from PIL import Image

from seehear.library import Library
from seehear.surfaces.mcp import make_mcp
from tests.conftest import HEARS_QUICKLY, NOBODY, run_seehear

Assistant = Callable[[Callable[[Client], Awaitable[Any]]], Any]
pytestmark = pytest.mark.timeout(100)


def serving(home: Path, **more: str) -> StdioServerParameters:
    """How to start `seehear mcp` over a library."""
    env = {**os.environ, "SEEHEAR_HOME": str(home), "SEEHEAR_CONFIG": os.devnull, "OLLAMA_HOST": NOBODY, **more}
    return StdioServerParameters(
        command=sys.executable, args=["-m", "seehear", "mcp", "--answer", "extractive", "--captions", "never"], env=env
    )


def with_client(home: Path, talk: Callable[[Client], Awaitable[Any]], **env: str) -> Any:
    """Start `seehear mcp` and let a client talk to it."""

    async def session() -> Any:
        async with Client(stdio_client(serving(home, **env))) as client:
            return await talk(client)

    return anyio.run(session)


def text_of(result: Any) -> str:
    return "\n".join(part.text for part in result.content if part.type == "text")


@pytest.fixture(scope="module")
def assistant(indexed_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """A client that stays connected to one `seehear mcp` over a copy of the indexed library."""
    home = tmp_path_factory.mktemp("assisted") / "home"
    shutil.copytree(indexed_home, home)
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Client(stdio_client(serving(home)))) as client,
    ):
        yield lambda talk: portal.call(talk, client)


def test_what_is_to_be_pasted_into_settings_starts_this_very_program(indexed_home: Path) -> None:
    printed = run_seehear("mcp", "--json", "--home", indexed_home, "--answer", "extractive", home=indexed_home).json
    entry = printed["mcpServers"]["seehear"]

    async def session() -> Any:
        async with Client(stdio_client(StdioServerParameters(**entry))) as client:
            return await client.call_tool("list_recordings", {})

    assert anyio.run(session).structured_content["recordings"][0]["title"] == "lesson"


def test_settings_to_be_pasted_hold_what_the_environment_says_and_no_key(indexed_home: Path, lesson: Path) -> None:
    env = {"SEEHEAR_EMBED": "minilm", "OPENAI_API_KEY": "sk-secret", "SEEHEAR_SERVER_KEY": "sk-secret"}
    entry = run_seehear("mcp", "--json", home=indexed_home, env=env).json["mcpServers"]["seehear"]
    assert entry["args"][-2:] == ["--home", str(indexed_home.resolve())]
    assert entry["env"]["SEEHEAR_EMBED"] == "minilm"
    assert "sk-secret" not in str(entry)


def test_an_assistant_finds_the_tools_and_what_they_are_for(assistant: Assistant) -> None:
    async def talk(client: Client) -> Any:
        return await client.list_tools()

    tools = {tool.name: tool for tool in assistant(talk).tools}
    assert set(tools) == {"list_recordings", "add_recording", "ask", "search", "read_timeline", "see_frame"}
    assert all(tool.description for tool in tools.values())
    assert all(tool.input_schema["additionalProperties"] is False for tool in tools.values())
    assert all(tool.annotations.read_only_hint for name, tool in tools.items() if name != "add_recording")


def test_the_answer_is_that_of_the_command_line(assistant: Assistant, indexed_home: Path) -> None:
    question = "what is a function?"

    async def talk(client: Client) -> Any:
        return await client.call_tool("ask", {"question": question})

    result = assistant(talk)
    printed = run_seehear("ask", question, "--answer", "extractive", "--json", home=indexed_home).json
    assert not result.is_error
    assert result.structured_content["text"] == printed["text"]
    assert [m["start_s"] for m in result.structured_content["moments"]] == [m["start_s"] for m in printed["moments"]]
    assert printed["moments"][0]["clock"] in text_of(result)


def test_what_the_recording_does_not_hold_is_called_so(assistant: Assistant) -> None:
    async def talk(client: Client) -> Any:
        return await client.call_tool("ask", {"question": "how do volcanoes erupt?"})

    result = assistant(talk)
    assert result.structured_content["supported"] is False
    assert "NOT IN THE RECORDINGS" in text_of(result)


def test_a_place_is_found_read_and_looked_at(assistant: Assistant) -> None:
    async def talk(client: Client) -> Any:
        strange = await client.call_tool("search", {"query": "photosynthesis"})
        assert not strange.structured_content["fits"]
        assert text_of(strange).startswith("NOTHING SEEMS TO BE ABOUT THIS. The nearest:\n")
        found = await client.call_tool("search", {"query": "bananas potassium", "kind": "said"})
        assert found.structured_content["fits"]
        moment = found.structured_content["moments"][0]
        listed = await client.call_tool("list_recordings", {})
        read = await client.call_tool(
            "read_timeline",
            {"recording": moment["media"], "start": moment["clock"], "end": str(moment["end_s"] + 1)},
        )
        seen = await client.call_tool("see_frame", {"recording": moment["media"], "at": moment["clock"]})
        resource = await client.read_resource(f"seehear://timeline/{moment['media'][:12]}")
        return moment, listed, read, seen, resource

    moment, listed, read, seen, resource = assistant(talk)
    assert "potassium" in moment["text"].lower()
    assert listed.structured_content["recordings"][0]["id"] == moment["media"]
    assert "potassium" in text_of(read).lower()
    assert text_of(read).startswith("[")
    picture = next(part for part in seen.content if part.type == "image")
    shown = Image.open(io.BytesIO(base64.b64decode(picture.data)))
    assert picture.mime_type == "image/jpeg" and shown.width >= 640
    assert "Loops" in text_of(seen)
    assert "transcript:" in resource.contents[0].text


def test_a_recording_is_added_with_progress(brief: Path, tmp_path: Path, small_weights: None) -> None:
    heard: list[tuple[float, float | None]] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        heard.append((done, total))

    async def talk(client: Client) -> Any:
        added = await client.call_tool("add_recording", {"path": str(brief)}, progress_callback=progress)
        asked = await client.call_tool("ask", {"question": "what is a function?", "recordings": [str(brief)]})
        return added, asked

    added, asked = with_client(tmp_path / "home", talk, **HEARS_QUICKLY)
    assert added.structured_content["recordings"][0]["status"] == "indexed"
    assert heard
    assert asked.structured_content["supported"]


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("read_timeline", {"recording": "no such lecture"}, "no such lecture"),
        ("ask", {"question": "  "}, "empty"),
        ("see_frame", {"recording": "lesson", "at": "soon"}, "not a time"),
        ("ask", {"question": "why?", "start": "2:00", "end": "1:00"}, "before it starts"),
        ("add_recording", {"path": "/nowhere/at/all.mp4"}, "all.mp4"),
        (
            "read_timeline",
            {"recording": "lesson", "start_s": "5"},
            "takes no 'start_s' (it takes recording, start, end)",
        ),
        ("ask", {}, "needs 'question'"),
        ("search", {"query": "loops", "kind": "sung"}, "kind"),
    ],
)
def test_a_wrong_call_is_told_what_is_wrong(
    assistant: Assistant, tool: str, arguments: dict[str, str], told: str
) -> None:
    async def talk(client: Client) -> Any:
        return await client.call_tool(tool, arguments)

    result = assistant(talk)
    assert result.is_error
    assert told in text_of(result)
    assert "Traceback" not in text_of(result) and "http" not in text_of(result)
    # An assistant has no terminal: commands are nothing that it can type.
    assert "seehear " not in text_of(result)


@pytest.mark.parametrize("tool", ["ask", "search", "read_timeline", "see_frame"])
@pytest.mark.parametrize("place", ["file", "address"])
def test_a_tool_that_reads_opens_no_file_and_no_address_that_the_library_does_not_hold(
    assistant: Assistant, tmp_path: Path, tool: str, place: str
) -> None:
    secret = tmp_path / "secret.srt"
    secret.write_text("1\n00:00:00,000 --> 00:00:01,000\nThe code is 1234.\n")
    named = str(secret) if place == "file" else "https://example.org/?told=1234"
    needs = {
        "ask": {"question": "what is the code?", "recordings": [named]},
        "search": {"query": "code", "recordings": [named]},
        "read_timeline": {"recording": named},
        "see_frame": {"recording": named, "at": "0:00"},
    }

    async def talk(client: Client) -> Any:
        return await client.call_tool(tool, needs[tool]), await client.call_tool("list_recordings", {})

    read, listed = assistant(talk)
    assert read.is_error and "not in the library" in text_of(read)
    assert [row["title"] for row in listed.structured_content["recordings"]] == ["lesson"]


def test_an_assistant_elsewhere_adds_addresses_and_no_files_of_this_machine(tmp_path: Path, brief: Path) -> None:
    async def session(library: Library) -> Any:
        async with Client(make_mcp(library, files=False)) as client:
            return await client.call_tool("add_recording", {"path": str(brief)})

    with Library(tmp_path / "home") as library:
        result = anyio.run(session, library)
        assert result.is_error and "address" in text_of(result)
        assert library.media() == []


def test_a_recording_that_cannot_be_added_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no film at all")

    async def talk(client: Client) -> Any:
        return await client.call_tool("add_recording", {"path": str(tmp_path / "broken.mp4")})

    result = with_client(tmp_path / "home", talk)
    assert result.is_error and "broken.mp4" in text_of(result)
    assert result.structured_content["recordings"][0]["status"] == "failed"
