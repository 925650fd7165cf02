"""What users rely on when a picture is read: the very words, where they stand, and nothing where nothing is written."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from seehear.backends.ocr import DETECTOR, RECOGNISER, PPOcr
from seehear.errors import InputError, WeightsError
from seehear.values import Screen

DATA = Path(__file__).parents[3] / "shared" / "data"
FONTS = Path(__file__).parents[2] / "src" / "seehear" / "data" / "fonts"
SANS, MONO = FONTS / "IBMPlexSans-Variable.ttf", FONTS / "IBMPlexMono-Regular.ttf"
WHITE, BLACK, NIGHT, PALE = (255, 255, 255), (20, 20, 20), (24, 26, 32), (170, 170, 170)
CODE = [
    "def area(width, height=2):",
    "    return width * height_px[0]",
    'sizes = {"small": 3, "large": 7}',
    "for name, size in sizes.items():",
    '    print(f"{name}: {area(size)}")',
]


def picture(
    *writing: tuple[int, int, int, str], font: Path = SANS, paper: tuple[int, int, int] = WHITE,
    ink: tuple[int, int, int] = BLACK, size_px: tuple[int, int] = (1280, 720),
) -> np.ndarray:  # fmt: skip
    """Draw (left, top, type size, text) entries on a plain picture."""
    image = Image.new("RGB", size_px, paper)
    draw = ImageDraw.Draw(image)
    for left, top, type_px, text in writing:
        draw.text((left, top), text, font=ImageFont.truetype(font, type_px), fill=ink)
    return np.asarray(image)


def texts(screen: Screen) -> list[str]:
    return [line.text for line in sorted(screen.lines, key=lambda line: line.box_px[1])]


@pytest.fixture(scope="module")
def reader() -> PPOcr:
    return PPOcr()


@pytest.mark.parametrize(
    ("paper", "ink"), [(WHITE, BLACK), (NIGHT, PALE), (WHITE, PALE)], ids=["light", "dark", "pale grey on white"]
)
def test_a_slide_is_read_word_for_word(reader: PPOcr, paper: tuple[int, int, int], ink: tuple[int, int, int]) -> None:
    lines = ["Functions and their parameters", "A function is a named piece of work", "It costs 42 per cent, not 24"]
    rgb = picture(*((80, 60 + 110 * i, 34, line) for i, line in enumerate(lines)), paper=paper, ink=ink)
    assert texts(reader.read(rgb)) == lines


def test_small_code_keeps_its_brackets_quotes_underscores_and_spaces(reader: PPOcr) -> None:
    rgb = picture(*((60, 40 + 30 * i, 18, line) for i, line in enumerate(CODE)), font=MONO)
    assert texts(reader.read(rgb)) == [line.strip() for line in CODE]


def test_boxes_lie_on_the_letters(reader: PPOcr) -> None:
    font = ImageFont.truetype(SANS, 48)
    rgb = picture((200, 300, 48, "Recursion"))
    (line,) = reader.read(rgb).lines
    truth = font.getbbox("Recursion")
    for found, wanted in zip(
        line.box_px, (truth[0] + 200, truth[1] + 300, truth[2] + 200, truth[3] + 300), strict=True
    ):
        assert found == pytest.approx(wanted, abs=4)


def test_large_and_tiny_pictures_are_read(reader: PPOcr) -> None:
    large = picture((300, 300, 28, "some words on a large screen"), size_px=(2560, 1440))
    assert texts(reader.read(large)) == ["some words on a large screen"]
    tiny = picture((10, 20, 14, "a tiny window"), size_px=(160, 60))
    assert texts(reader.read(tiny)) == ["a tiny window"]


@pytest.mark.parametrize("size_px", [(1, 1), (3, 500), (500, 3), (33, 47)])
def test_odd_sizes_do_no_harm(reader: PPOcr, size_px: tuple[int, int]) -> None:
    screen = reader.read(np.full((size_px[1], size_px[0], 3), 200, dtype=np.uint8))
    assert screen == Screen((), *size_px)


def test_nothing_is_read_in_noise_and_on_plain_pictures(reader: PPOcr) -> None:
    rng = np.random.default_rng(0)
    assert reader.read(np.full((360, 640, 3), 90, dtype=np.uint8)).lines == ()
    assert reader.read(rng.integers(0, 256, (360, 640, 3), dtype=np.uint8)).lines == ()
    coarse = rng.integers(0, 256, (45, 80, 3), dtype=np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    assert reader.read(coarse).lines == ()


def test_nothing_is_read_in_a_film(reader: PPOcr) -> None:
    from seehear.media.decode import frames_at

    path = DATA / "videos" / "nospeech_big_buck_bunny_small.mp4"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in ../shared/data")
    frames = list(frames_at(path, (0.5, 2.0, 4.0), on_gap=lambda gap: None))
    assert len(frames) == 3
    assert [reader.read(frame.rgb).lines for frame in frames] == [(), (), ()]


def test_a_real_slide_is_read(reader: PPOcr) -> None:
    from seehear.media.decode import frames_at

    path = DATA / "scenes" / "opencast" / "scene-change.mov"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in ../shared/data")
    (frame,) = frames_at(path, (3.0,), on_gap=lambda gap: None)
    found = texts(reader.read(frame.rgb))
    for line in ("Land and Vegetation: Key players on the", "Climate Scene", "Prof. Sonia I. Seneviratne"):
        assert line in found


def test_a_line_remembered_reads_as_it_did(reader: PPOcr) -> None:
    rgb = picture((80, 60, 30, "The first line stays"), (80, 160, 30, "and this one too"))
    first = reader.read(rgb)
    assert reader.read(rgb) == first
    fresh = PPOcr()
    assert fresh.read(rgb) == first


def test_what_is_no_picture_is_refused(reader: PPOcr) -> None:
    with pytest.raises(InputError, match="uint8"):
        reader.read(np.zeros((10, 10), dtype=np.uint8))
    with pytest.raises(InputError, match="uint8"):
        reader.read(np.zeros((10, 10, 3), dtype=np.float32))  # type: ignore[arg-type]


def test_missing_or_damaged_models_are_named_and_never_fetched(tmp_path: Path) -> None:
    rgb = np.zeros((10, 10, 3), dtype=np.uint8)
    with pytest.raises(WeightsError, match=DETECTOR) as missing:
        PPOcr(folder=tmp_path).read(rgb)
    assert "pip install" in missing.value.hint
    for name in (DETECTOR, RECOGNISER):
        (tmp_path / name).write_bytes(b"not a model")
    with pytest.raises(WeightsError, match="cannot be loaded"):
        PPOcr(folder=tmp_path).read(rgb)


def test_closing_twice_is_safe_and_it_loads_again() -> None:
    own = PPOcr()
    own.close()
    own.close()
    assert own.card.name == "ppocr"
    assert texts(own.read(picture((40, 40, 30, "still here")))) == ["still here"]
