"""Regions of a picture: tiles that belong together, what they are large enough for, and whether they scrolled."""

from __future__ import annotations

import numpy as np

from seehear.media.tiles import TILE_PX, Flags, Floats, Grid, Tiles


def groups(flags: Flags, grid: Grid) -> list[Tiles]:
    """Indices of tiles that touch (a gap of one tile is bridged), largest first."""
    tiles = np.flatnonzero(flags)
    if not len(tiles):
        return []
    rows, columns = np.divmod(tiles, grid.columns)
    breaks = np.flatnonzero((np.diff(columns) > 2) | (np.diff(rows) > 0)) + 1
    starts, stops = [0, *breaks.tolist()], [*breaks.tolist(), len(tiles)]
    row = rows[starts].tolist()
    first, last = columns[starts].tolist(), columns[np.asarray(stops) - 1].tolist()
    parent = list(range(len(row)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = run = parent[parent[run]]
        return run

    nearest = 0
    for run in range(len(row)):
        while row[nearest] < row[run] - 2:
            nearest += 1
        for other in range(nearest, run):
            if row[other] < row[run] and first[run] - 2 <= last[other] and first[other] - 2 <= last[run]:
                parent[root(other)] = root(run)
    members: dict[int, list[Tiles]] = {}
    for run, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        members.setdefault(root(run), []).append(tiles[start:stop])
    return sorted((np.concatenate(parts) for parts in members.values()), key=len, reverse=True)


def is_text_sized(group: Tiles, grid: Grid) -> bool:
    """Tell whether a group is larger than a mouse cursor, and no scatter; a large panel shows its rim alone."""
    if len(group) < 8:
        return False
    width = int(np.ptp(group % grid.columns)) + 1
    height = int(np.ptp(group // grid.columns)) + 1
    return width >= 4 and len(group) >= (0.3 if len(group) < 160 else 0.1) * width * height


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
    # Correlation at every shift at once: products by Fourier transform, norms of what overlaps by running sums.
    count, reach = len(old), len(old) * 3 // 4
    size = 1 << (2 * count - 1).bit_length()
    spectrum = np.fft.rfft(old, size, axis=0) * np.conj(np.fft.rfft(new, size, axis=0))
    products = np.fft.irfft(spectrum.sum(axis=1), size)
    above = np.concatenate([[0.0], np.cumsum((old**2).sum(axis=1))])
    below = np.concatenate([[0.0], np.cumsum((new**2).sum(axis=1))])
    shifts = np.arange(-reach, reach + 1)
    ahead, behind = np.maximum(shifts, 0), np.maximum(-shifts, 0)
    norms = (above[count - behind] - above[ahead]) * (below[count - ahead] - below[behind])
    alike = products[shifts] / np.maximum(1e-6, np.sqrt(np.maximum(norms, 0.0)))
    best = float(alike[np.abs(shifts) >= 3].max())
    return best > 0.75 and best > float(alike[reach]) + 0.2
