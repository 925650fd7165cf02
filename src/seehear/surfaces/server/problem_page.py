"""A problem as a page, for people who follow a wrong link: the same words, in the style of the page."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from starlette.datastructures import Headers

MEDIA_TYPE = "text/html; charset=utf-8"
FOR_PROGRAMS = frozenset({"api", "v1", "mcp"})
"""What addresses begin with that programs ask, whatever they say they take."""
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
  <meta name="color-scheme" content="light dark">
  <title>{title} · seehear</title>
  <link rel="icon" href="/static/mark.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/static/base.css">
</head>
<body>
  <header class="bar">
    <a class="brand" href="/" aria-label="seehear, to the library"><img src="/static/mark.svg" alt="" width="30" height="30"> seehear</a>
  </header>
  <main class="message">
    <h1>{title}</h1>
    <p class="soft">{detail}</p>
    <a class="button" href="/">To your recordings</a>
  </main>
</body>
</html>
"""  # noqa: E501 - markup


def wanted(path: str, headers: Headers) -> bool:
    """Tell whether who asks for an address reads pages: a browser does that follows a link, a program does not."""
    kinds = [kind.partition(";")[0].strip().lower() for kind in headers.get("accept", "").split(",")]
    reads = "text/html" in kinds and not any(kind.endswith("json") for kind in kinds)
    return reads and path.lstrip("/").partition("/")[0] not in FOR_PROGRAMS


def page_of(problem: Mapping[str, Any]) -> str:
    """The page of a problem; it holds nothing of the request."""
    detail = str(problem["detail"])
    return _PAGE.format(title=escape(str(problem["title"])), detail=escape(f"{detail[:1].upper()}{detail[1:]}."))
