"""Reading the text on a picture with PP-OCR through RapidOCR (onnxruntime); its models lie in its own wheel.

Finding lines and reading them are two models: a differentiable-binarisation detector (Liao et al., 2020) and a CTC
recogniser (Du et al., "PP-OCR", 2020). docs/seeing.md has the measurements behind each choice.
"""

from __future__ import annotations

import hashlib
import threading
import unicodedata
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seehear.backends.onnx import onnx_errors
from seehear.backends.protocols import Card
from seehear.errors import BackendError, InputError, MissingPackageError, WeightsError
from seehear.values import Screen, TextLine

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TRUST = 0.8
"""Lines read with less confidence are not said: what the recogniser saw in grain, grass and faces stayed below."""
TRUST_ALONE = 0.97
"""What a line of a single sign takes: a meadow has been read as one Chinese character with 0.94."""
FIND_SHARE = 0.5
"""The detector sees the picture at this share of its size, between `FIND_MIN_PX` and `FIND_MAX_PX` on the long side."""
FIND_MIN_PX = 960
FIND_MAX_PX = 1280
REMEMBERED_LINES = 600
DETECTOR = "PP-OCRv6_det_small.onnx"
RECOGNISER = "PP-OCRv6_rec_small.onnx"


class PPOcr:
    """Reads printed text of any size down to about ten pixels; `threads` ≥ 1, models load on the first picture.

    A line whose pixels are those of a line read before is not read again: with one line to a batch, what is read
    depends on those pixels alone, so the answer is the same, only sooner. `folder` holds the two model files, None
    takes those in RapidOCR's wheel.
    """

    def __init__(self, *, threads: int = 1, folder: Path | None = None) -> None:
        self._threads, self._folder = threads, folder
        self._engine: Any = None
        self._lock = threading.Lock()
        self._read_before: OrderedDict[bytes, tuple[str, float]] = OrderedDict()
        self.card = Card(
            name="ppocr", capabilities=("read",), runs="here", packages=("rapidocr", "onnxruntime"),
            licence="Apache-2.0",
        )  # fmt: skip

    def close(self) -> None:
        """Free the models; safe to call twice."""
        with self._lock:
            self._engine = None
            self._read_before.clear()

    def read(self, rgb: NDArray[np.uint8]) -> Screen:
        """Find and read the lines of text on a picture, `rgb` uint8 [H, W, 3]; confident ones only.

        Raises InputError for another shape, MissingPackageError, WeightsError when a model file is missing or corrupt,
        BackendError when a model fails.
        """
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype.name != "uint8" or not rgb.size:
            raise InputError(f"a picture is uint8 [H, W, 3], this is {rgb.dtype.name} {list(rgb.shape)}")
        height, width = rgb.shape[:2]
        with self._lock:
            if self._engine is None:
                self._engine = _load(self._folder, self._threads)
            try:
                lines = self._lines(rgb)
            except _foreign() as error:
                raise BackendError(f"PP-OCR failed on a {width}×{height} picture: {_first_line(error)}") from error
        return Screen(tuple(lines), width, height)

    def _lines(self, rgb: NDArray[np.uint8]) -> list[TextLine]:
        import numpy as np

        bgr = np.ascontiguousarray(rgb[..., ::-1])
        lines: list[TextLine] = []
        for corners in self._find(bgr):
            text, confidence = self._recognise(_crop(bgr, corners))
            text = _plain(text)
            signs = sum(unicodedata.category(c)[0] in "LNS" for c in text)
            if signs and confidence >= (TRUST if signs > 1 else TRUST_ALONE):
                lines.append(TextLine(text, _ink(bgr, corners), confidence))
        return lines

    def _find(self, bgr: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Corners [4, 2] of each line, clockwise from the top left, in pixels of the picture."""
        import cv2
        import numpy as np

        height, width = bgr.shape[:2]
        longest = max(width, height)
        scale = min(1.0, min(max(FIND_SHARE * longest, FIND_MIN_PX), FIND_MAX_PX) / longest)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA) if scale < 1.0 else bgr
        boxes = self._engine(small, use_det=True, use_cls=False, use_rec=False).boxes
        if boxes is None:
            return []
        shrink = np.array([width / size[0], height / size[1]], dtype=np.float32)
        limit = np.array([width, height], dtype=np.float32)
        return [np.clip(np.asarray(box, dtype=np.float32) * shrink, 0, limit) for box in boxes]

    def _recognise(self, crop: NDArray[np.uint8]) -> tuple[str, float]:
        key = hashlib.blake2b(crop.tobytes() + str(crop.shape).encode(), digest_size=16).digest()
        known = self._read_before.get(key)
        if known is not None:
            self._read_before.move_to_end(key)
            return known
        found = self._engine(crop, use_det=False, use_cls=False, use_rec=True)
        result = (str(found.txts[0]), float(found.scores[0])) if found.txts else ("", 0.0)
        self._read_before[key] = result
        if len(self._read_before) > REMEMBERED_LINES:
            self._read_before.popitem(last=False)
        return result


def _load(folder: Path | None, threads: int) -> Any:
    try:
        import rapidocr
    except ImportError as error:
        raise MissingPackageError(
            "reading pictures needs the package rapidocr", hint="pip install 'seehear[local]'"
        ) from error
    home = folder if folder is not None else Path(rapidocr.__file__).parent / "models"
    # Named outright, so that RapidOCR never looks for them on the net.
    for name in (DETECTOR, RECOGNISER):
        if not (home / name).is_file():
            raise WeightsError(
                f"the model {name} is missing from the package rapidocr",
                hint="pip install --force-reinstall 'rapidocr>=3.10,<4'",
            )
    engine = "EngineConfig.onnxruntime."
    try:
        made = rapidocr.RapidOCR(
            params={
                "Global.log_level": "critical", "Global.text_score": 0.0, "Global.use_preprocess_img": False,
                "Det.model_path": str(home / DETECTOR), "Rec.model_path": str(home / RECOGNISER),
                "Det.limit_type": "max", "Det.limit_side_len": 4096,
                "Rec.rec_batch_num": 1, "Rec.rec_img_shape": [3, 48, 48],
                f"{engine}intra_op_num_threads": threads, f"{engine}inter_op_num_threads": 1,
            }
        )  # fmt: skip
        import numpy as np

        # Both models load here, on a blank picture, so that a corrupt file is told apart from a failing one.
        blank = np.full((48, 96, 3), 255, dtype=np.uint8)
        made(blank, use_det=True, use_cls=False, use_rec=False)
        made(blank, use_det=False, use_cls=False, use_rec=True)
    except _foreign() as error:
        raise WeightsError(
            f"the models in the package rapidocr cannot be loaded: {_first_line(error)}",
            hint="pip install --force-reinstall 'rapidocr>=3.10,<4'",
        ) from error
    return made


def _foreign() -> tuple[type[BaseException], ...]:
    """What RapidOCR, OpenCV and onnxruntime raise."""
    import cv2
    from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError
    from rapidocr.main import RapidOCRError

    return (ONNXRuntimeError, RapidOCRError, cv2.error, ValueError, TypeError, IndexError, OSError, *onnx_errors())


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__


def _crop(bgr: NDArray[np.uint8], corners: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The line cut out and set upright; a level one is cut without resampling, so equal pixels give equal crops."""
    import numpy as np

    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    if _is_level(corners):
        x0, y0 = int(np.floor(left)), int(np.floor(top))
        x1, y1 = max(x0 + 1, int(np.ceil(right))), max(y0 + 1, int(np.ceil(bottom)))
        return np.ascontiguousarray(bgr[y0:y1, x0:x1])
    from rapidocr.utils.process_img import get_rotate_crop_image

    cut: NDArray[np.uint8] = get_rotate_crop_image(bgr, corners.copy())
    return cut


def _is_level(corners: NDArray[np.float32]) -> bool:
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    tilt = max(abs(corners[0][1] - corners[1][1]), abs(corners[3][1] - corners[2][1]))
    # The corners of a short line wander by a step or two of the detector's grid; that is no tilt.
    return bool(
        tilt <= max(3.0, 0.08 * (bottom - top), 0.012 * (right - left)) and bottom - top <= 1.5 * (right - left)
    )


def _ink(bgr: NDArray[np.uint8], corners: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """The box of the glyphs themselves: what a detector draws round them grows with the length of the line.

    Rules and underlines above or below the writing are left outside.
    """
    import numpy as np

    (left, top), (right, bottom) = (float(x) for x in corners.min(axis=0)), (float(x) for x in corners.max(axis=0))
    whole = (left, top, right, bottom)
    x0, y0 = int(left), int(top)
    grey = bgr[y0 : int(np.ceil(bottom)), x0 : int(np.ceil(right))].mean(axis=2)
    if not _is_level(corners) or min(grey.shape) < 6:
        return whole
    contrast = np.abs(grey - np.median(grey))
    ink = contrast > 0.4 * np.percentile(contrast, 99.5)
    ink[ink.mean(axis=1) > 0.9] = False
    bands = _runs(ink.any(axis=1), bridge=max(1, round(0.1 * len(ink))))
    if not bands:
        return whole
    upper, lower = max(bands, key=lambda band: int(ink[band[0] : band[1]].sum()))
    columns = np.flatnonzero(ink[upper:lower].any(axis=0))
    if lower - upper < 0.3 * len(ink) or not len(columns):
        return whole
    return (float(x0 + columns[0]), float(y0 + upper), float(x0 + columns[-1] + 1), float(y0 + lower))


def _runs(marked: NDArray[np.bool_], *, bridge: int) -> list[tuple[int, int]]:
    """Stretches [start, end) of marked entries; gaps of up to `bridge` entries do not part them."""
    found: list[tuple[int, int]] = []
    for at in (int(i) for i in marked.nonzero()[0]):
        if found and at - found[-1][1] <= bridge:
            found[-1] = (found[-1][0], at + 1)
        else:
            found.append((at, at + 1))
    return found


_FULL_WIDTH = {ord(wide): chr(ord(wide) - 0xFEE0) for wide in map(chr, range(0xFF01, 0xFF5F))} | {0x3000: " "}


def _plain(text: str) -> str:
    """Control characters out; full-width Latin signs, a habit of a Chinese recogniser, to plain ones."""
    if not any("぀" <= c <= "鿿" for c in text):
        text = text.translate(_FULL_WIDTH)
    return " ".join("".join(c for c in text if unicodedata.category(c) != "Cc" or c.isspace()).split())
