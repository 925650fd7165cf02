"""What users rely on when pictures are kept: they come back whole or not at all, upright, and labelled."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seehear.errors import InputError, MediaError, NotFoundError, StorageError
from seehear.media.picture import contact_sheet, load_picture, save_picture, thumbnail
from tests.media.synth import number_of, numbered


def test_png_comes_back_exactly_and_jpeg_nearly(tmp_path: Path) -> None:
    save_picture(numbered(77), tmp_path / "a.png")
    assert np.array_equal(load_picture(tmp_path / "a.png"), numbered(77))
    for name in ("a.jpg", "a.JPEG", "a.webp"):
        save_picture(numbered(77), tmp_path / name)
        assert number_of(load_picture(tmp_path / name)) == 77


def test_quality_makes_smaller_files(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (90, 160, 3), np.uint8)
    save_picture(noise, tmp_path / "low.jpg", quality=20)
    save_picture(noise, tmp_path / "high.jpg", quality=95)
    assert (tmp_path / "low.jpg").stat().st_size < (tmp_path / "high.jpg").stat().st_size / 2


def test_a_picture_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.png"):
        save_picture(numbered(1), tmp_path / "a.tga")
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(StorageError):
        save_picture(numbered(1), tmp_path / "file" / "a.png")
    (tmp_path / "a.png").mkdir()
    with pytest.raises(StorageError):
        save_picture(numbered(1), tmp_path / "a.png")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "file"]


def test_photographs_are_turned_as_the_camera_noted(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(numbered(5))).save(tmp_path / "photo.jpg", exif=exif, quality=95)
    assert load_picture(tmp_path / "photo.jpg").shape == (96, 160, 3)
    assert number_of(load_picture(tmp_path / "photo.jpg")) == 5


def test_transparency_palettes_grey_and_16_bits_become_plain_rgb(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (load_picture(tmp_path / "clear.png") == 255).all()
    Image.new("L", (4, 4), 99).save(tmp_path / "grey.png")
    assert (load_picture(tmp_path / "grey.png") == 99).all()
    Image.fromarray(np.full((4, 4), 0x8000, np.uint16)).save(tmp_path / "deep.png")
    assert (load_picture(tmp_path / "deep.png") == 128).all()
    Image.fromarray(numbered(3)).convert("P").save(tmp_path / "palette.gif")
    assert number_of(load_picture(tmp_path / "palette.gif")) == 3


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture", encoding="utf-8")
    (tmp_path / "empty.png").write_bytes(b"")
    save_picture(numbered(1), tmp_path / "cut.png")
    data = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
    for name in ("text.png", "empty.png", "cut.png"):
        with pytest.raises(MediaError) as caught:
            load_picture(tmp_path / name)
        assert caught.value.hint
    with pytest.raises(NotFoundError):
        load_picture(tmp_path / "none.png")


def test_thumbnails_keep_their_shape_and_never_grow() -> None:
    assert thumbnail(numbered(200), width_px=80).shape == (48, 80, 3)
    assert number_of(thumbnail(numbered(200), width_px=80)) == 200
    assert thumbnail(numbered(200), width_px=500).shape == (96, 160, 3)


def test_a_contact_sheet_shows_every_picture_in_order_with_its_time() -> None:
    pictures = [(n * 61.0, numbered(n)) for n in range(5)]
    sheet = contact_sheet(pictures, columns=2, width_px=336)
    assert sheet.shape[1] == 336
    # Cells are 156 wide with gaps of 8; rows are as high as a picture and its label.
    row_height = (sheet.shape[0] - 8) // 3
    for n in range(5):
        row, column = divmod(n, 2)
        top, left = 8 + row * row_height, 8 + column * 164
        assert number_of(sheet[top : top + 93, left : left + 156]) == n
        label = sheet[top + 94 : top + row_height - 8, left : left + 156]
        assert (label < 100).any(), "the time is printed below"
    assert (sheet[8 + 2 * row_height :, 172:] == 255).all()
    relabelled = contact_sheet(pictures, columns=2, width_px=336, labels=list("abcde"))
    assert not np.array_equal(relabelled, sheet)
    with pytest.raises(InputError):
        contact_sheet([])
