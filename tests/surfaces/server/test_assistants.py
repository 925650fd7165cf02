"""Assistants at /mcp of a server: nothing of their protocol is there before the first of them asks."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from mcp import Client

from seehear.errors import MissingPackageError
from seehear.library import Library
from seehear.surfaces.server.assistants import Assistants
from tests.surfaces.server.serving import Server, serving


def test_a_server_starts_without_what_only_assistants_need() -> None:
    code = "import sys, seehear.surfaces.server.app; sys.exit('mcp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


async def recordings(server: Server) -> str:
    async with Client(f"{server.url}/mcp") as client:
        told = await client.call_tool("list_recordings", {})
        return str(told.content)


def test_assistants_that_all_come_first_are_all_answered(library_home: Path) -> None:
    with serving(library_home) as server:

        async def together() -> list[str]:
            return await asyncio.gather(*(recordings(server) for _ in range(4)))

        assert all("lesson" in told for told in asyncio.run(together()))

        async def stopped_while_connected() -> int:
            async with Client(f"{server.url}/mcp") as client:
                assert (await client.list_tools()).tools
                return await asyncio.to_thread(server.stop)

        assert asyncio.run(stopped_while_connected()) == 0
    assert "Traceback" not in server.log.read_text()


def test_a_server_without_the_package_for_assistants_says_so_to_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server.transport_security", None)

    async def ask_twice() -> None:
        with Library(tmp_path) as library:
            assistants = Assistants(library, files=True)
            async with assistants.run():
                for _ in range(2):
                    with pytest.raises(MissingPackageError, match=r"need the package mcp"):
                        await assistants({}, None, None)  # type: ignore[arg-type]

    asyncio.run(ask_twice())
