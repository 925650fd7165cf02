"""Recordings that pages play, found and fetched by yt-dlp (extra `web`): existing captions come along."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seehear.errors import InputError, MissingPackageError, NotFoundError, SeehearError
from seehear.language import language_code
from seehear.media.addresses import is_url
from seehear.media.remote import Download, FetchLimits, OnBytes, check_url, new_part, public_only
from seehear.media.source import MEDIA_SUFFIXES

MOST_ENTRIES = 500
HEIGHT_PX = 720
_KNOWN = frozenset(suffix for kind in MEDIA_SUFFIXES.values() for suffix in kind)
_FORMAT = (
    f"b[height<={HEIGHT_PX}][vcodec!=none][acodec!=none]/b[height<={HEIGHT_PX}]/b[vcodec!=none][acodec!=none]/b/ba/bv*"
)
# What else yt-dlp can fetch, it leaves to programs.
_PROTOCOLS = frozenset({"http", "https", "m3u8", "m3u8_native", "http_dash_segments"})
_LOGIN = re.compile(
    r"log[ -]?in|sign[ -]?in|account|password|cookies|private video|members|registered|credential", re.I
)
_NOTHING = re.compile(r"unsupported url|no video|no media|not a valid url|unable to extract", re.I)
_GONE = re.compile(r"404|410|not found|removed|unavailable|no longer|does not exist", re.I)


@dataclass(frozen=True, slots=True)
class Entry:
    """One recording of a page or playlist."""

    title: str
    url: str


class _Silent:
    def debug(self, text: str) -> None:
        """Say nothing: what went wrong is raised."""

    info = warning = error = debug


def entries(url: str, *, private: bool = False) -> list[Entry]:
    """The recordings that a page plays, one or a playlist's. Raises InputError, NotFoundError, MissingPackageError."""
    found = _asked(check_url(url), {"extract_flat": "in_playlist", "playlistend": MOST_ENTRIES}, private, fetch=False)
    listed = found.get("entries")
    if listed is None:
        return [Entry(_title(found), url)]
    rows = []
    for row in listed:
        address = str((row or {}).get("url") or (row or {}).get("webpage_url") or "")
        if is_url(address):
            rows.append(Entry(_title(row), address))
    if len(rows) == 1 and found.get("extractor_key") == "Generic":
        # The page is the address that a person knows and can open again.
        return [replace(rows[0], url=url)]
    if not rows:
        raise InputError("this page plays no recording that can be fetched", hint="give the address of the file itself")
    return rows


def download_page(
    url: str, folder: Path, *, limits: FetchLimits | None = None, private: bool = False,
    on_bytes: OnBytes | None = None, language: str = "en",
) -> Download:  # fmt: skip
    """Fetch the recording that a page plays, with captions made by people where it has some.

    Raises what `seehear.media.remote.download` raises, and MissingPackageError without yt-dlp.
    """
    bounds = limits or FetchLimits()
    part = new_part(folder)
    refused: list[SeehearError] = []

    def on_progress(told: dict[str, Any]) -> None:
        here = int(told.get("downloaded_bytes") or 0)
        total = int(told.get("total_bytes") or told.get("total_bytes_estimate") or 0)
        if max(here, total) > bounds.size_bytes:
            refused.append(InputError(f"the recording is larger than {bounds.size_bytes / 1e9:g} GB", hint="too large"))
            raise refused[0]
        if on_bytes is not None and told.get("status") == "downloading":
            on_bytes(here, total)

    def fits(info: dict[str, Any], **_: Any) -> str | None:
        if info.get("is_live"):
            refused.append(InputError("this is a live stream, which has no end", hint="fetch it when it is over"))
        elif float(info.get("duration") or 0) > bounds.duration_s:
            hours = float(info["duration"]) / 3600
            refused.append(InputError(f"this lasts {hours:.1f} hours; {bounds.duration_s / 3600:g} is the limit"))
        elif info.get("protocol") and not _PROTOCOLS.issuperset(str(info["protocol"]).split("+")):
            refused.append(InputError("this is no recording that is fetched over http", hint="only http and https are"))
        return refused[0].message if refused else None

    options = {
        "outtmpl": {"default": f"{part}.%(ext)s"}, "noplaylist": True, "playlist_items": "1", "format": _FORMAT,
        "writesubtitles": True, "subtitleslangs": [f"{language}.*", language], "subtitlesformat": "vtt/srt/best",
        "progress_hooks": [on_progress], "match_filter": fits, "hls_prefer_native": True, "fixup": "never",
    }  # fmt: skip
    try:
        found = _asked(check_url(url), options, private, fetch=True, refused=refused)
        if refused:
            raise refused[0]
        row = (found.get("entries") or [found])[0] or {}
        made = sorted(folder.glob(f"{part.name}.*"))
        captions = [path for path in made if path.suffix.lower() in (".vtt", ".srt")]
        media = [path for path in made if path not in captions and path.suffix != ".part"]
        if len(media) != 1:
            raise InputError("this page plays no recording that can be fetched", hint="give the address of the file")
        suffix = media[0].suffix.lower()
        tagged = tuple((language_code(path.stem.rsplit(".", 1)[-1]), path) for path in captions)
        return Download(media[0], _title(row), url, suffix if suffix in _KNOWN else "", tagged)
    except BaseException:  # Ctrl-C leaves no half of a file either
        for path in folder.glob(f"{part.name}*"):
            path.unlink(missing_ok=True)
        raise


def _asked(
    url: str, options: dict[str, Any], private: bool, *, fetch: bool, refused: list[SeehearError] | None = None
) -> dict[str, Any]:  # fmt: skip
    try:
        import yt_dlp
        from yt_dlp.utils import YoutubeDLError
    except ImportError as error:
        raise MissingPackageError(
            "this address leads to a page; recordings on pages need yt-dlp",
            hint="pip install 'seehear[web]', or give the address of the media file itself",
        ) from error
    common = {
        "quiet": True, "no_warnings": True, "noprogress": True, "logger": _Silent(), "cachedir": False, "proxy": "",
        "socket_timeout": 30, "retries": 3, "extractor_retries": 1, "ignoreerrors": False, "usenetrc": False,
        "allowed_extractors": ["default"], "concurrent_fragment_downloads": 1,
        # What ffmpeg connects to is seen by no guard of ours, so there is none.
        "ffmpeg_location": os.devnull,
    }  # fmt: skip
    try:
        # yt-dlp connects through Python's sockets in this thread, so the guard of public_only holds for it too.
        with public_only(unless=private), yt_dlp.YoutubeDL({**common, **options}) as machine:
            found = machine.extract_info(url, download=fetch)
    except YoutubeDLError as error:
        if refused:
            raise refused[0] from error
        raise _told(error) from error
    if not isinstance(found, dict):
        if refused:
            raise refused[0]
        raise InputError("this page plays no recording that can be fetched", hint="give the address of the file itself")
    return found


def _told(error: Exception) -> SeehearError:
    inner: Any = error
    with contextlib.suppress(AttributeError, IndexError, TypeError):
        inner = inner.exc_info[1]
    while inner is not None and not isinstance(inner, SeehearError):
        inner = getattr(inner, "cause", None) or inner.__cause__ or inner.__context__
    if isinstance(inner, SeehearError):
        return inner
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).removeprefix("ERROR: ")
    if _LOGIN.search(text):
        return InputError("this page wants a login", hint="download the recording yourself and give the file")
    if _NOTHING.search(text):
        return InputError(
            "this page plays no recording that can be fetched", hint="give the address of the file itself"
        )
    if _GONE.search(text):
        return NotFoundError("there is nothing to play at this address", hint="check it in a browser")
    first = " ".join(text.split())[:200]
    return InputError(f"the page cannot be fetched: {first}", hint="pip install --upgrade yt-dlp, or give the file")


def _title(row: dict[str, Any] | None) -> str:
    return " ".join(str((row or {}).get("title") or (row or {}).get("id") or "untitled").split())[:300]
