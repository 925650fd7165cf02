"""Pictures as small tiles of luma, and how two tiles are told apart without being fooled by light or noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

TILE_PX = 8
WORK_PX = 640
PIXELS = TILE_PX * TILE_PX
_LUMA_FIRST = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray", "yuv440p")

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Tiles = NDArray[np.intp]
Luma = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture as tiles: `detail` float32 [N, 64] with each tile's mean taken away, `energy` [N], `mean` [N].

    `tiles` are the indices of the tiles held when it is only those that changed; None when it is all of them.
    """

    detail: Floats
    energy: Floats
    mean: Floats
    tiles: Tiles | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """How a frame of `width_px` × `height_px` is cut: shrunk by `step_px`, then `rows` × `columns` tiles of 8 × 8."""

    width_px: int
    height_px: int
    step_px: int
    rows: int
    columns: int

    @classmethod
    def of(cls, width_px: int, height_px: int) -> Grid:
        """The grid for a frame size: about 640 pixels on the long side, tiny frames in at least one tile."""
        # Up to 16 × 16 pixels of 8 bits add up in 16 bits.
        step = min(16, max(1, round(max(width_px, height_px) / WORK_PX)))
        rows = max(1, height_px // step // TILE_PX)
        columns = max(1, width_px // step // TILE_PX)
        return cls(width_px, height_px, step, rows, columns)

    def luma(self, frame: VideoFrame) -> Luma:
        """The part of a frame's luma that the tiles cover, uint8 [H, W]; a frame of another size is scaled to this one.

        Where possible it is a view of the frame itself.
        """
        luma = _luma(frame, self.width_px, self.height_px)
        height, width = self.rows * TILE_PX * self.step_px, self.columns * TILE_PX * self.step_px
        if luma.shape[0] < height or luma.shape[1] < width:
            luma = np.pad(luma, [(0, max(0, height - luma.shape[0])), (0, max(0, width - luma.shape[1]))], mode="edge")
        return luma[:height, :width]

    def changed(self, luma: Luma, before: Luma) -> Tiles:
        """Indices of the tiles in which a single pixel differs."""
        # Eight pixels at a time: an encoder copies what stands still exactly, and this finds it at memory speed.
        differs = luma.view(np.uint64) != before.view(np.uint64)
        bands = np.logical_or.reduce(differs.reshape(self.rows, TILE_PX * self.step_px, -1), axis=1)
        return np.flatnonzero(bands.reshape(self.rows * self.columns, self.step_px).any(axis=1))

    def picture(self, luma: Luma, tiles: Tiles | None = None) -> Picture:
        """Shrink luma by averaging and cut it into tiles: into all, or only into those with the indices `tiles`."""
        if tiles is not None and len(tiles) > 0.5 * self.rows * self.columns:
            whole = self.picture(luma)
            return Picture(whole.detail[tiles], whole.energy[tiles], whole.mean[tiles], tiles)
        share = np.float32(1 / self.step_px**2)
        if tiles is None:
            cut = self._shrunk(luma).reshape(self.rows, TILE_PX, self.columns, TILE_PX).transpose(0, 2, 1, 3)
            cells = np.empty(cut.shape, np.float32)
            np.multiply(cut, share, out=cells)
        else:
            side = TILE_PX * self.step_px
            windows = luma.reshape(self.rows, side, self.columns, side)
            cells = self._shrunk(windows[tiles // self.columns, :, tiles % self.columns]) * share
        detail = cells.reshape(-1, PIXELS)
        mean = np.einsum("ij->i", detail) / np.float32(PIXELS)
        detail -= mean[:, None]
        return Picture(detail, np.einsum("ij,ij->i", detail, detail), mean, tiles)

    def _shrunk(self, luma: Luma) -> NDArray[np.uint16]:
        """Add up `step_px` × `step_px` pixels over the last two axes."""
        step = self.step_px
        if step == 2:
            # Two neighbours at a time as one 16-bit number: several times faster than strided columns.
            pairs = luma.view(np.uint16)
            top, low = pairs[..., 0::2, :], pairs[..., 1::2, :]
            quads: NDArray[np.uint16] = (top & 255) + (top >> 8) + (low & 255) + (low >> 8)
            return quads
        # Rows first, then columns: two passes over strided views cost a tenth of a general area scaler.
        tall = luma[..., 0::step, :].astype(np.uint16)
        if step == 1:
            return tall
        for offset in range(1, step):
            tall += luma[..., offset::step, :]
        small = tall[..., 0::step].copy()
        for offset in range(1, step):
            small += tall[..., offset::step]
        return small


def difference(new: Floats, new_energy: Floats, old: Floats, old_energy: Floats) -> Floats:
    """How far each tile's detail moved, in grey levels (root mean square), after allowing for a change of light.

    A gain between 0.75 and 1.33 is free, so a camera's exposure drift or a shadow over a slide is not a change.
    """
    cross = np.einsum("ij,ij->i", new, old)
    gain = np.clip(cross / np.maximum(old_energy, 1e-3), 0.75, 1.33)
    left = new_energy - 2 * gain * cross + gain * gain * old_energy
    apart: Floats = np.sqrt(np.maximum(left, 0.0) / PIXELS)
    return apart


def contrast(new_energy: Floats, old_energy: Floats) -> Floats:
    """The stronger of both tiles' contrast, in grey levels (root mean square)."""
    strongest: Floats = np.sqrt(np.maximum(new_energy, old_energy) / PIXELS)
    return strongest


def _luma(frame: VideoFrame, width_px: int, height_px: int) -> Luma:
    if frame.format.name not in _LUMA_FIRST or (frame.width, frame.height) != (width_px, height_px):
        frame = frame.reformat(width=width_px, height=height_px, format="gray")
    plane = frame.planes[0]
    luma: Luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return luma[: plane.height, : plane.width]
