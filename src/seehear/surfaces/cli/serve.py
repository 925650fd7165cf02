"""`seehear serve`: the library for a browser and for programs."""

from __future__ import annotations

import secrets
from typing import Any

import click

from seehear.errors import ConfigError, MissingPackageError
from seehear.surfaces.cli.console import announce, common, note, print_json, say
from seehear.surfaces.cli.options import choosing

PORT = 8765
SHORTEST_TOKEN = 16


@click.command(short_help="Open the library to a browser and to programs (HTTP).")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where to listen; others than this machine need a token."
)
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 takes a free one.")
@click.option("--token", metavar="TEXT", envvar="SEEHEAR_TOKEN", help="Who knows it may enter (made up where needed).")
@click.option("--jobs", type=click.IntRange(1, 16), default=1, show_default=True, help="Recordings indexed at once.")
@click.option("--upload-limit", type=click.FloatRange(0.001), default=10.0, show_default=True, metavar="GB",
              help="How large one upload may be.")  # fmt: skip
@choosing("sample", "see", "hear", "embed", "rerank", "answer", "captions", "language", "local", "budget_usd")
@common
def serve(
    host: str, port: int, token: str | None, jobs: int, upload_limit: float, as_json: bool, home: str | None,
    **settings: Any,
) -> None:  # fmt: skip
    """Serve the library: a page for people, an API for programs (/api/v1), until Ctrl-C.

    \b
    seehear serve
    seehear serve --host 0.0.0.0 --token "a long secret of yours"
    """
    try:
        import fastapi
        import prometheus_client
        import uvicorn
    except ImportError as error:
        raise MissingPackageError(
            f"serving needs the package {error.name}", hint="pip install 'seehear[serve]'"
        ) from error
    del fastapi, prometheus_client, uvicorn
    from seehear.library import Library
    from seehear.surfaces.server.app import make_app
    from seehear.surfaces.server.limits import Limits
    from seehear.surfaces.server.run import claim, listen, reached_at, run
    from seehear.surfaces.server.security import is_loopback
    from seehear.surfaces.server.service import Options

    loopback = is_loopback(host)
    if token is not None and len(token) < SHORTEST_TOKEN:
        raise ConfigError(f"the token has {len(token)} characters", hint=f"choose {SHORTEST_TOKEN} or more")
    if token is None and not loopback:
        token = secrets.token_urlsafe(24)
    # One thread per question: several people ask at once, and threads that wait for each other suffer from the others.
    with Library(home, threads=1, **settings) as library:
        lock = claim(library)
        try:
            opened = listen(host, port)
            limits = Limits(running=jobs, upload_bytes=int(upload_limit * 1e9))
            app = make_app(library, Options(loopback=loopback, token=token, limits=limits))
            port = opened.getsockname()[1]
            url, *here = (f"http://{f'[{name}]' if ':' in name else name}:{port}/" for name in reached_at(host))

            def tell() -> None:
                if as_json:
                    print_json({"url": url, "token": token})
                    return
                announce(library, "describe", "hear", "embed", "rerank", "answer")
                say(f"seehear serves {library.settings.home}")
                say(f"open {url}{f'?token={token}' if token else ''}")
                if here:
                    note(f"on this machine also {here[0]}")
                if token:
                    note("who opens that once is let in; programs send Authorization: Bearer TOKEN")
                note("Ctrl-C ends it; what was begun goes on at the next start")

            run(app, opened, on_ready=tell)
        finally:
            lock.release()
