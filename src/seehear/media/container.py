"""Opening media files: safely, with errors that say what to do, and the streams that matter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error

from seehear.errors import InputError, MediaError, NotFoundError
from seehear.media.source import require_file

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

# PyAV raises IndexError where a damaged transport stream makes a new stream appear midway.
READ_ERRORS = (av.error.FFmpegError, IndexError)
MAX_PIXELS = 100_000_000
MAX_DURATION_S = 24 * 3600.0

# These formats are lists of other files and addresses; a hostile one would make the decoder read or fetch them.
_LISTS = frozenset({"hls", "applehttp", "concat", "dash", "sdp", "rtsp", "imf", "webm_dash_manifest"})
_UNINDEXED = frozenset({"mp3", "aac", "ac3", "eac3", "amr", "dts", "flv"})
_ATTACHED_PIC = 0x0400
_DEFAULT = 0x0001
_SNIFF_BYTES = 4096


def open_media(path: Path) -> InputContainer:
    """Open a local file for reading; the caller closes it (it is a context manager).

    Raises NotFoundError when it is missing, InputError when it may not be read, MediaError when it is no media file.
    """
    _refuse_unreadable(path)
    # An absolute path cannot be taken for a protocol such as `concat:`.
    name = str(path.absolute())
    try:
        container = av.open(
            name, "r", metadata_errors="replace", options={"protocol_whitelist": "file"}, timeout=(60, None)
        )
    except (av.error.FFmpegError, UnicodeError, ValueError) as error:
        raise _not_media(path, error) from error
    if _LISTS & set(container.format.name.split(",")):
        container.close()
        raise MediaError(
            f"{path.name!r} is a playlist, not a recording: it only names other files or addresses",
            hint="give the files that it names",
        )
    return container


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """Like `open_media`, closing at the end; what the decoder cannot cope with inside becomes a MediaError."""
    with open_media(path) as container:
        try:
            yield container
        except READ_ERRORS as error:
            raise _not_media(path, error) from error


def video_stream(container: InputContainer) -> VideoStream | None:
    """The picture to look at: the stream marked as default, else the first; cover art is none."""
    moving = [s for s in container.streams.video if not s.disposition & _ATTACHED_PIC and _known(s)]
    return next((s for s in moving if s.disposition & _DEFAULT), moving[0] if moving else None)


def audio_stream(container: InputContainer) -> AudioStream | None:
    """The sound to listen to: the stream marked as default, else the first."""
    return next(iter(audio_streams(container)), None)


def audio_streams(container: InputContainer) -> list[AudioStream]:
    """All sound that can be decoded, a stream marked as default first."""
    return sorted((s for s in container.streams.audio if _known(s)), key=lambda s: not s.disposition & _DEFAULT)


def seeks_truly(container: InputContainer) -> bool:
    """Whether times after a jump are true; in formats without an index and time stamps they are guesses."""
    return container.format.name not in _UNINDEXED


def _known(stream: Stream) -> bool:
    # A stream whose codec this build cannot decode has no codec context.
    return stream.codec_context is not None and stream.time_base is not None


def _refuse_unreadable(path: Path) -> None:
    require_file(path)
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no file {str(path)!r}", hint="check the name") from error
    except PermissionError as error:
        raise InputError(f"{path.name!r} may not be read by you", hint=f"chmod u+r {str(path)!r}") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path.name!r} cannot be read: {error}", hint="check the disk and the name") from error
    if empty:
        raise MediaError(f"{path.name!r} is empty (0 bytes): the file is at fault", hint="copy or download it again")


def _not_media(path: Path, error: Exception) -> MediaError:
    with path.open("rb") as file:
        head = file.read(_SNIFF_BYTES)
    if head[4:8] in (b"ftyp", b"mdat", b"wide", b"free"):
        return MediaError(
            f"{path.name!r} was cut off: the index that MP4 writes last (the moov box) is missing",
            hint="copy or download it again, or let a repair tool such as untrunc rebuild the index",
        )
    if b"\0" not in head and _is_text(head):
        return MediaError(
            f"{path.name!r} is a text file, whatever its name says", hint="give a video, audio, image or caption file"
        )
    reason = getattr(error, "strerror", None) or str(error)
    return MediaError(
        f"{path.name!r} is not a video, audio or image that can be decoded: {reason}",
        hint="check that it plays elsewhere, or convert it to MP4",
    )


def _is_text(head: bytes) -> bool:
    try:
        head[: len(head) - 4 if len(head) == _SNIFF_BYTES else None].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
