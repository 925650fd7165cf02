"""Regions of a picture: tiles that belong together, what they are large enough for, and whether they scrolled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seehear.media.tiles import TILE_PX, Flags, Floats, Grid

Tiles = NDArray[np.intp]


def groups(flags: Flags, grid: Grid) -> list[Tiles]:
    """Indices of tiles that touch (a gap of one tile is bridged), largest first."""
    field = flags.reshape(grid.rows, grid.columns)
    runs: list[tuple[int, Tiles]] = []
    above: list[int] = []
    parent: list[int] = []

    def root(run: int) -> int:
        while parent[run] != run:
            run = parent[run]
        return run

    for row in np.flatnonzero(field.any(axis=1)).tolist():
        columns = np.flatnonzero(field[row])
        above = [run for run in above if runs[run][0] >= row - 2]
        here = []
        for part in np.split(columns, np.flatnonzero(np.diff(columns) > 2) + 1):
            run = len(runs)
            runs.append((row, part))
            parent.append(run)
            for other in above:
                cells = runs[other][1]
                if part[0] - 2 <= cells[-1] and cells[0] - 2 <= part[-1]:
                    parent[root(other)] = root(run)
            here.append(run)
        above += here
    members: dict[int, list[Tiles]] = {}
    for run, (row, part) in enumerate(runs):
        members.setdefault(root(run), []).append(row * grid.columns + part)
    return sorted((np.concatenate(parts) for parts in members.values()), key=len, reverse=True)


def is_text_sized(group: Tiles, grid: Grid) -> bool:
    """Tell whether a group of tiles is larger than a mouse cursor."""
    if len(group) < 8:
        return False
    width = int(np.ptp(group % grid.columns)) + 1
    height = int(np.ptp(group // grid.columns)) + 1
    return width >= 4 and len(group) >= (0.3 if len(group) < 160 else 0.2) * width * height


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
