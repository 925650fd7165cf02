"""Regions of a picture: tiles that belong together, what they are large enough for, and whether they scrolled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seehear.media.tiles import TILE_PX, Flags, Floats, Grid

Tiles = NDArray[np.intp]


def groups(flags: Flags, grid: Grid) -> list[Tiles]:
    """Indices of tiles that touch (a gap of one tile is bridged), largest first."""
    rows, columns = grid.rows, grid.columns
    todo = set(np.flatnonzero(flags).tolist())
    found: list[Tiles] = []
    while todo:
        seed = todo.pop()
        members, frontier = [seed], [seed]
        while frontier:
            row, column = divmod(frontier.pop(), columns)
            for y in range(max(0, row - 2), min(rows, row + 3)):
                for x in range(max(0, column - 2), min(columns, column + 3)):
                    tile = y * columns + x
                    if tile in todo:
                        todo.remove(tile)
                        members.append(tile)
                        frontier.append(tile)
        found.append(np.array(members, np.intp))
    return sorted(found, key=len, reverse=True)


def is_text_sized(group: Tiles, grid: Grid) -> bool:
    """Tell whether a group of tiles is larger than a mouse cursor."""
    if len(group) < 8:
        return False
    width = int(np.ptp(group % grid.columns)) + 1
    height = int(np.ptp(group // grid.columns)) + 1
    return width >= 4 and len(group) >= 0.3 * width * height


def spread(flags: Flags, grid: Grid, *, reach: int) -> Flags:
    """The tiles at most `reach` tiles away from a flagged one."""
    field = flags.reshape(grid.rows, grid.columns).copy()
    for _ in range(reach):
        wide = field.copy()
        wide[1:] |= field[:-1]
        wide[:-1] |= field[1:]
        field = wide.copy()
        field[:, 1:] |= wide[:, :-1]
        field[:, :-1] |= wide[:, 1:]
    return field.reshape(-1)


def has_scrolled(old_detail: Floats, new_detail: Floats, tiles: Tiles, grid: Grid) -> bool:
    """Tell whether what the changed region shows now is what it showed before, moved up or down."""
    rows, columns = tiles // grid.columns, tiles % grid.columns
    top, bottom = int(rows.min()), int(rows.max()) + 1
    left, right = int(columns.min()), int(columns.max()) + 1
    if bottom - top < 6:
        return False

    def profile(detail: Floats) -> Floats:
        work = detail.reshape(grid.rows, grid.columns, TILE_PX, TILE_PX)[top:bottom, left:right]
        lines = np.abs(work).sum(axis=3).transpose(0, 2, 1).reshape((bottom - top) * TILE_PX, right - left)
        centred: Floats = lines - lines.mean(axis=0)
        return centred

    old, new = profile(old_detail), profile(new_detail)

    def alike(shift: int) -> float:
        a, b = (old[shift:], new[: len(new) - shift]) if shift >= 0 else (old[:shift], new[-shift:])
        return float((a * b).sum() / max(1e-6, float(np.sqrt((a * a).sum() * (b * b).sum()))))

    reach = len(old) * 3 // 4
    best = max(alike(shift) for shift in range(-reach, reach + 1) if abs(shift) >= 3)
    return best > 0.75 and best > alike(0) + 0.2
