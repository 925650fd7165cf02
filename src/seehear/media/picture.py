"""Pictures on disk: loading, saving, thumbnails and contact sheets."""

from __future__ import annotations

import io
import uuid
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from seehear.errors import InputError, MediaError, NotFoundError, StorageError
from seehear.media.source import require_file
from seehear.spans import clock

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_PICTURE_PIXELS = 100_000_000
_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
# Decoders for what cameras and screens write; the others (EPS starts a program) are not for untrusted files.
_READABLE = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


def load_picture(path: Path) -> NDArray[np.uint8]:
    """Read a picture file as uint8 [H, W, 3], upright by its EXIF orientation, transparency on white, first frame.

    Raises NotFoundError when it is missing, InputError when it may not be read, MediaError when it is no picture or
    has more than 100 megapixels.
    """
    require_file(path)
    try:
        with warnings.catch_warnings():
            # Pillow's own size warning comes far above what we refuse.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=_READABLE) as picture:
                if picture.width * picture.height > MAX_PICTURE_PIXELS:
                    raise MediaError(
                        f"{path.name!r} is {picture.width}×{picture.height}; 100 megapixels is the limit",
                        hint="make it smaller first",
                    )
                upright = ImageOps.exif_transpose(picture)
                if upright.mode.startswith("I;16") or upright.mode == "I":
                    upright = Image.fromarray((np.asarray(upright, dtype=np.uint32) >> 8).astype(np.uint8))
                if upright.has_transparency_data:
                    clear = upright.convert("RGBA")
                    upright = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
                return np.array(upright.convert("RGB"))
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no file {str(path)!r}", hint="check the name") from error
    except PermissionError as error:
        raise InputError(f"{path.name!r} may not be read by you", hint=f"chmod u+r {str(path)!r}") from error
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise MediaError(
            f"{path.name!r} is not a picture that can be decoded: the file is damaged or not what its name says",
            hint="check that it opens elsewhere, or save it as PNG",
        ) from error


def save_picture(rgb: NDArray[np.uint8], path: Path, *, quality: int = 88) -> None:
    """Write uint8 [H, W, 3] as PNG, JPEG or WebP by the name's ending; the file appears whole or not at all.

    `quality` (1 to 95) is for JPEG and WebP. Raises InputError for another ending, StorageError when it cannot be
    written.
    """
    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"{path.name!r} does not end in .png, .jpg or .webp", hint="choose one of these endings")
    picture = Image.fromarray(np.ascontiguousarray(rgb))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{uuid.uuid4().hex}.part")
        try:
            with partial.open("xb") as file:
                picture.save(file, kind, **({} if kind == "PNG" else {"quality": quality}))
            partial.replace(path)
        except BaseException:  # Ctrl-C leaves no half of a picture either
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StorageError(
            f"the picture {path.name!r} could not be written: {error.strerror or error}",
            hint="free some space or choose another folder",
        ) from error


def jpeg(rgb: NDArray[np.uint8], *, width_px: int, quality: int = 85) -> bytes:
    """A picture as the bytes of a JPEG, at most `width_px` wide."""
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(thumbnail(rgb, width_px=width_px))).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def thumbnail(rgb: NDArray[np.uint8], *, width_px: int) -> NDArray[np.uint8]:
    """Shrink a picture to `width_px`, keeping its shape; one that is narrower already stays as it is."""
    height, width = rgb.shape[:2]
    if width <= width_px:
        return rgb
    size = (width_px, max(1, round(height * width_px / width)))
    return np.array(Image.fromarray(np.ascontiguousarray(rgb)).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))


def contact_sheet(
    pictures: Sequence[tuple[float, NDArray[np.uint8]]],
    *,
    columns: int = 4,
    width_px: int = 1600,
    labels: Sequence[str] | None = None,
) -> NDArray[np.uint8]:
    """Lay pictures with their times out on one sheet, uint8 [H, width_px, 3], row by row.

    `pictures` are (time in seconds, uint8 [H, W, 3]); `labels` replace the printed times. Raises InputError when
    there is nothing to lay out or the numbers do not fit.
    """
    if not pictures or columns < 1 or width_px < columns * 16:
        raise InputError(f"a contact sheet needs pictures and room for them, got {len(pictures)} in {columns} columns")
    texts = list(labels) if labels is not None else [clock(time_s) for time_s, _ in pictures]
    if len(texts) != len(pictures):
        raise InputError(f"{len(pictures)} pictures need as many labels, got {len(texts)}")
    columns = min(columns, len(pictures))
    gap = 8
    cell_width = (width_px - gap * (columns + 1)) // columns
    font = ImageFont.load_default(size=max(11, cell_width // 18))
    band = int(max(11, cell_width // 18) * 1.6)
    tiles = [Image.fromarray(np.ascontiguousarray(thumbnail(rgb, width_px=cell_width))) for _, rgb in pictures]
    cell_height = max(tile.height for tile in tiles)
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (width_px, gap + rows * (cell_height + band + gap)), "white")
    draw = ImageDraw.Draw(sheet)
    for number, (tile, text) in enumerate(zip(tiles, texts, strict=True)):
        row, column = divmod(number, columns)
        left, top = gap + column * (cell_width + gap), gap + row * (cell_height + band + gap)
        sheet.paste(tile, (left + (cell_width - tile.width) // 2, top))
        draw.text((left + cell_width / 2, top + cell_height + band / 2), text, fill="black", font=font, anchor="mm")
    return np.array(sheet)
