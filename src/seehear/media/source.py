"""Finding media: what is a file of which kind, what lies in folders, which captions belong to which video."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from seehear.errors import InputError, MediaError, NotFoundError
from seehear.language import language_code
from seehear.values import MediaKind


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


MEDIA_SUFFIXES: dict[MediaKind, frozenset[str]] = {
    "video": _set(
        ".mp4 .m4v .mov .mkv .webm .avi .ts .mts .m2ts .flv .wmv .asf .mpg .mpeg .m2v .vob .ogv .3gp .3g2 .mxf .f4v"
    ),
    "audio": _set(".mp3 .m4a .m4b .wav .flac .ogg .oga .opus .aac .wma .aif .aiff .mka .ac3 .amr .caf"),
    "image": _set(".png .jpg .jpeg .webp .gif .bmp .tif .tiff"),
    "captions": _set(".srt .vtt .webvtt"),
}
"""Lower-case file name endings by the kind of media they stand for."""

_KIND_OF_SUFFIX = {suffix: kind for kind, suffixes in MEDIA_SUFFIXES.items() for suffix in suffixes}
# TypeScript modules end like transport streams; those start with the sync byte, after 4 bytes of time code on Blu-ray.
_TRANSPORT_STREAMS = frozenset({".ts", ".mts", ".m2ts"})
_SYNC = 0x47

MAX_CAPTION_BYTES = 50_000_000
"""A day of speech is a tenth of it; they are read as a whole."""

_FLAGS = frozenset({"forced", "sdh", "cc", "default", "auto", "orig"})


def require_file(path: Path) -> None:
    """Raise InputError for a folder, and for a pipe or a device, the reading of which may never end."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return  # whoever opens it says what is wrong
    if stat.S_ISDIR(mode):
        raise InputError(f"{path.name!r} is a folder, not a file", hint="give the folder to `seehear index`")
    if not stat.S_ISREG(mode):
        raise InputError(f"{path.name!r} is a pipe or a device, not a file", hint="save what comes from it first")


def identify(path: Path) -> str:
    """The SHA-256 of the file's bytes, as 64 hexadecimal digits, read in pieces.

    Raises NotFoundError when it is missing, InputError when it may not be read or is no file.
    """
    require_file(path)
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def content_of(path: Path) -> bytes:
    """The whole of a small file, such as captions.

    Raises NotFoundError when it is missing, InputError when it cannot be read, is no file, or is too large.
    """
    require_file(path)
    try:
        if path.stat().st_size > MAX_CAPTION_BYTES:
            raise InputError(f"{path.name!r} is too large for captions: 50 MB is the limit", hint="is its name right?")
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def title_of(path: Path) -> str:
    """The file's name without ending as printable text; what cannot be printed becomes `?`."""
    text = path.stem.encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() or c in "\u200d\ufe0f" else "?" for c in text).strip() or "untitled"


def kind_of(path: Path) -> MediaKind | None:
    """The kind of media in a file, by its ending, else by looking inside; None when it is no media.

    Raises NotFoundError when it is missing, InputError when it may not be read.
    """
    kind = _kind_by_name(path)
    if kind is not None or path.suffix.lower() in _TRANSPORT_STREAMS:
        return kind
    from seehear.media.container import audio_stream, open_media, video_stream

    try:
        with open_media(path) as container:
            if container.format.name.endswith("_pipe") or container.format.name in ("gif", "image2"):
                return "image"
            if video_stream(container) is not None:
                return "video"
            return "audio" if audio_stream(container) is not None else None
    except MediaError:
        return None


def find_media(inputs: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """The media files that are meant by files, folders and glob patterns, in the order given, each once.

    Folders are searched to the bottom in natural order (2 before 10), hidden files skipped. A file named outright is
    taken whatever its ending, so that what is wrong with it can be said. Captions that belong to a video or recording
    found alongside are read with it and are not media of their own.

    Raises NotFoundError when an input does not exist or holds no media, InputError when it is empty or may not be read.
    """
    found: dict[Path, Path] = {}
    for given in inputs:
        for path in _expand(given):
            found.setdefault(Path(os.path.abspath(path)), path)  # noqa: PTH100 - links must not be resolved
    owners = {(p.parent, name) for p in found if _kind_by_name(p) in ("video", "audio") for name in _owner_names(p)}
    return [
        path
        for absolute, path in found.items()
        if not (
            _kind_by_name(absolute) == "captions"
            and any((absolute.parent, stem) in owners for stem in _caption_stems(absolute))
        )
    ]


def sidecar_captions(path: Path) -> list[Path]:
    """The SRT and WebVTT files beside a recording that carry its name, best first.

    `lecture.mp4` owns `lecture.srt`, `lecture.en.vtt`, `LECTURE.SRT`, `lecture.mp4.srt`; forced captions, which hold
    foreign-language lines only, come last.
    """
    names = _owner_names(path)
    try:
        beside = [p for p in path.absolute().parent.iterdir() if _kind_by_name(p) == "captions" and p.is_file()]
    except OSError as error:
        raise _unreadable(path.parent, error) from error
    own = [p for p in beside if names & set(_caption_stems(p))]
    return sorted(own, key=lambda p: ("forced" in p.name.lower().split("."), len(_tags(p)), _natural(p.name)))


def caption_language(path: Path) -> str:
    """The ISO 639-1 language that a caption file's name states (`lecture.en-US.vtt` → `en`), empty when none."""
    return next((language for tag in _tags(path) if (language := language_code(tag))), "")


def caption_ending(name: str) -> str:
    """What follows a recording's own name when captions called `name` are put beside it, empty for other files.

    `lecture.en-US.vtt` → `.en.vtt`, `lecture.srt` → `.cc.srt`: never bare, since captions that are a recording of
    their own are called so.
    """
    path = Path(name)
    if path.suffix.lower() not in MEDIA_SUFFIXES["captions"]:
        return ""
    tags = dict.fromkeys(language_code(tag) or tag for tag in _tags(path))
    return f".{'.'.join(list(tags)[:3]) or 'cc'}{path.suffix.lower()}"


def _expand(given: str | os.PathLike[str]) -> Iterator[Path]:
    text = os.fspath(given)
    if not text.strip():
        # As a path it would be the current folder, and nobody who writes "$FILE" means that.
        raise InputError("the name of a file is empty", hint="give a file or a folder; . is the current one")
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", text):
        raise InputError(f"{text!r} is an address, not a file", hint="download it first and give the file")
    path = Path(text).expanduser()
    try:
        if path.is_dir():
            yield from _in_folder(path)
            return
        if path.exists():
            yield path
            return
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if not glob.has_magic(text):
        raise NotFoundError(f"there is no file or folder {text!r}", hint="check the name and the current folder")
    matches = [Path(m) for m in glob.glob(str(path), recursive=True)]  # noqa: PTH207 - patterns may be absolute
    media = [p for p in matches if p.is_file() and _kind_by_name(p)]
    if not media:
        raise NotFoundError(f"the pattern {text!r} matches no media file", hint="check the pattern")
    yield from _sorted(media)


def _in_folder(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise _unreadable(Path(error.filename or folder), error) from error

    media: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files = (Path(parent) / name for name in names if not name.startswith("."))
        media += [path for path in files if path.is_file() and _kind_by_name(path)]
    if not media:
        raise NotFoundError(
            f"the folder {str(folder)!r} holds no video, audio, image or caption file",
            hint="give a folder or file with media",
        )
    yield from _sorted(media)


def _kind_by_name(path: Path) -> MediaKind | None:
    suffix = path.suffix.lower()
    if suffix in _TRANSPORT_STREAMS and not _is_transport_stream(path):
        return None
    return _KIND_OF_SUFFIX.get(suffix)


def _is_transport_stream(path: Path) -> bool:
    if not path.is_file():
        return True
    try:
        with path.open("rb") as file:
            head = file.read(5)
    except OSError:
        return True
    return not head or head[0] == _SYNC or head[4:5] == bytes([_SYNC])


def _owner_names(path: Path) -> set[str]:
    return {path.name.lower(), path.stem.lower()}


def _caption_stems(path: Path) -> list[str]:
    """Every name a caption file may belong to: its stem, then with language and flags taken off."""
    stems = [path.stem.lower()]
    while (parts := stems[-1].rsplit(".", 1))[1:] and _is_tag(parts[1]):
        stems.append(parts[0])
    return stems


def _tags(path: Path) -> list[str]:
    stems = _caption_stems(path)
    return [longer[len(shorter) + 1 :] for longer, shorter in pairwise(stems)][::-1]


def _is_tag(text: str) -> bool:
    return text in _FLAGS or bool(language_code(text))


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    return tuple(
        (0, int(piece), "") if piece.isdecimal() else (1, 0, piece.lower()) for piece in re.split(r"(\d+)", text)
    )


def _sorted(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=lambda p: ([_natural(part) for part in p.parts], str(p)))


def _unreadable(path: Path, error: OSError | ValueError) -> InputError:
    if isinstance(error, FileNotFoundError):
        return NotFoundError(f"there is no file {str(path)!r}", hint="check the name and the current folder")
    if isinstance(error, PermissionError):
        return InputError(f"{path.name!r} may not be read by you", hint=f"chmod u+r {str(path)!r}")
    return InputError(f"{path.name!r} cannot be read: {error}", hint="check the disk and the name")
