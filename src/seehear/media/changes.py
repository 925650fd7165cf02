"""Finding the moments at which a screen shows something new: slides, added bullets, typed and scrolled text.

Every tile of the picture remembers what was last reported there (its reference) and what it shows now (its candidate).
A change counts when tiles that are calm leave their reference, come to rest on something else and stay there.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from seehear.media.glance import EVERY_S, Glance
from seehear.media.onset import Times, onset, quantile
from seehear.media.regions import groups, has_scrolled, is_text_sized, spread
from seehear.media.showing import Showing
from seehear.media.tiles import PIXELS, Flags, Floats, Picture, Tiles, contrast, difference
from seehear.values import SamplePoint

SETTLE_S = 1.2
HOLD_S = 4.0
SWEEP_HOLD_S = 2.0
STRENGTH = 0.45
PATIENCE_S = 14.0
PAUSE_S = 2.0
MOUSE = 8
SHOT_S = 3.0
SHOTS_APART_S = 8.0
FLOOR = 6.0
RELATIVE = 0.25
NOISES = 3.0
RESTLESS = 0.15
MEMORY = 1 / 30
TEXTURE = 6.0
CLING = 0.3
FIRST_S = 0.9
CUT = 12.0
SMALL = 16
TOGETHER_S = 1.0


@dataclass(slots=True)
class Change:
    """A change that came to rest: `tiles` (indices) began to leave `old` at `left_s`; does it stay?"""

    time_s: float
    left_s: float
    settled_s: float
    reason: str
    tiles: Tiles
    old: Floats
    old_energy: Floats
    sweeping: bool
    lost_s: float = np.inf
    lost: Flags = field(default_factory=lambda: np.zeros(0, bool))
    verdict: bool | None = None


class ChangeFinder:
    """The state machine fed with glances in time order; `feed` and `finish` yield the points that became certain."""

    def __init__(self) -> None:
        """Start without having seen anything."""
        self._begun = False
        self._seen = b""
        self._regions: list[Tiles] = []
        self._now_s = 0.0
        self._open: deque[Change] = deque()
        self._jump = 0.0
        self._cut_s = -np.inf

    def cares(self, picture: Picture) -> bool:
        """Tell whether `picture` differs from the last one in calm tiles, so that the way there matters."""
        if not self._begun:
            return True
        if float(np.abs(picture.mean - self._mean).mean()) > max(CUT, 3 * self._jump):
            return True
        moved = self._moved(picture)[0] & self._calm()
        if int(moved.sum()) < 8:
            return False
        return any(is_text_sized(group, self._grid) for group in groups(moved, self._grid))

    def nears(self, picture: Picture, since_s: float) -> bool:
        """Tell whether most of what calm tiles came to show since `since_s` is what `picture` shows there."""
        new = np.flatnonzero(self._differs & (self._left_s >= since_s - 1e-3) & self._calm())
        if len(new) < 8:
            return False
        apart = difference(picture.detail[new], picture.energy[new], self._candidate[new], self._candidate_energy[new])
        limit = np.maximum(FLOOR, RELATIVE * contrast(picture.energy[new], self._candidate_energy[new]))
        return float((apart <= limit).mean()) >= 0.6

    def feed(self, glance: Glance) -> Iterator[SamplePoint]:
        """Take the next glance; yield the points whose end is now known."""
        if not self._begun:
            if glance.picture is not None:
                self._begin(glance, glance.picture)
            return
        # Until just before this glance the last picture stood: let it come to rest, then let it stay.
        until_s = glance.time_s - EVERY_S / 2
        if not glance.gradual:
            for pause_s in (SETTLE_S, PAUSE_S, HOLD_S + SETTLE_S):
                if self._now_s + pause_s < until_s:
                    yield from self._judge(self._now_s + pause_s)
            yield from self._judge(until_s)
        if glance.picture is None:
            self._calm_down(glance.time_s, None)
            self._now_s = glance.time_s
        else:
            self._take(glance, glance.picture)

    def finish(self, end_s: float) -> Iterator[SamplePoint]:
        """The video ends at `end_s`: yield what is left, the last span included."""
        if not self._begun:
            return
        end_s = max(end_s, self._now_s)
        yield from self._judge(end_s)
        yield from self._judge(end_s, last=True)
        while self._open:
            change = self._open[0]
            change.verdict = change.verdict if change.verdict is not None else change.lost.mean() < 0.5
            yield from self._settle_verdicts()
        yield self._showing.point(end_s, before_s=self._now_s)

    def _begin(self, glance: Glance, picture: Picture) -> None:
        count = len(picture.energy)
        self._begun, self._now_s, self._grid = True, glance.time_s, glance.grid
        self._candidate, self._candidate_energy = picture.detail.copy(), picture.energy.copy()
        self._reference, self._reference_energy = picture.detail.copy(), picture.energy.copy()
        self._since_s: Times = np.full(count, glance.time_s)
        self._moved_s: Times = np.full(count, -np.inf)
        self._reached_s: Times = np.full(count, -np.inf)
        self._left_s: Times = np.full(count, np.inf)
        self._differs: Flags = np.zeros(count, bool)
        self._noise: Floats = np.ones(count, np.float32)
        self._activity: Floats = np.zeros(count, np.float32)
        self._off: Floats = np.zeros(count, np.float32)
        self._mean = picture.mean.copy()
        self._before_cut = self._mean
        self._first_s = glance.time_s
        self._showing = Showing(glance.time_s)

    def _calm(self) -> Flags:
        return self._activity < RESTLESS

    def _moved(self, picture: Picture) -> tuple[Flags, Floats]:
        """Which tiles left their candidate, and by how much each differs from it."""
        tiles = slice(None) if picture.tiles is None else picture.tiles
        energy = self._candidate_energy[tiles]
        apart = difference(picture.detail, picture.energy, self._candidate[tiles], energy)
        limit = np.maximum(np.maximum(FLOOR, RELATIVE * contrast(picture.energy, energy)), NOISES * self._noise[tiles])
        if picture.tiles is None:
            return apart > limit, apart
        moved = np.zeros(len(self._off), bool)
        moved[tiles] = apart > limit
        whole = self._off.copy()
        whole[tiles] = apart
        return moved, whole

    def _textured(self) -> Flags:
        return contrast(self._candidate_energy, self._reference_energy) > TEXTURE

    def _take(self, glance: Glance, picture: Picture) -> None:
        time_s = glance.time_s
        mean = picture.mean
        if picture.tiles is not None:
            mean = self._mean.copy()
            mean[picture.tiles] = picture.mean
        jump = float(np.abs(mean - self._mean).mean())
        if jump > max(CUT, 3 * self._jump):
            self._cut_s, self._before_cut = time_s, self._mean
        self._jump += 0.2 * (min(jump, CUT) - self._jump)
        self._mean = mean
        moved, apart = self._moved(picture)
        still = ~moved
        self._noise[still] += 0.05 * (np.minimum(apart[still], 6.0) - self._noise[still])
        rested = time_s - self._since_s > SETTLE_S
        fresh = moved & rested
        sweep = int(fresh.sum()) > max(0.5 * int((self._textured() & rested).sum()), 0.02 * len(moved))
        self._calm_down(time_s, moved)
        weight = np.where(fresh, 0.3, 1.0) if sweep else 0.3 if int(moved.sum()) > 0.3 * len(moved) else 1.0
        self._activity += MEMORY * weight * moved * (1 - self._activity)
        index = np.flatnonzero(moved)
        if len(index):
            held = index if picture.tiles is None else np.searchsorted(picture.tiles, index)
            new, new_energy = picture.detail[held], picture.energy[held]
            at_s = self._when(glance, new, new_energy, index)
            strong = np.zeros(len(moved), bool)
            strong[index] = apart[index] > STRENGTH * contrast(new_energy, self._candidate_energy[index])
            self._candidate[index], self._candidate_energy[index] = new, new_energy
            self._since_s[index] = at_s
            again = at_s - self._moved_s[index] > PAUSE_S
            self._reached_s[index[again]] = at_s[again]
            self._moved_s[index] = at_s
            apart_ref = difference(new, new_energy, self._reference[index], self._reference_energy[index])
            limit = np.maximum(FLOOR, RELATIVE * contrast(new_energy, self._reference_energy[index]))
            differs = apart_ref > np.maximum(limit, NOISES * self._noise[index])
            # What had come to rest on something else and moves on begins anew.
            was = self._differs[index] & ~rested[index]
            self._differs[index] = differs
            self._left_s[index] = np.where(differs, np.where(was, self._left_s[index], at_s), np.inf)
            for change in self._open:
                change.lost |= strong[change.tiles]
                if change.verdict is None and change.lost.mean() > 0.5:
                    change.lost_s = min(change.lost_s, time_s)
                    if sweep:
                        change.verdict = True
                    elif change.sweeping:
                        change.verdict = not self._is_back(change)
        self._showing.look(time_s, int(self._differs.sum()))
        apart[index] = 0.0
        self._off, self._now_s = apart, time_s

    def _calm_down(self, time_s: float, moved: Flags | None) -> None:
        """Tiles that stand still forget that they moved, by the clock: pictures may be far apart."""
        kept = np.float32((1 - MEMORY) ** ((time_s - self._now_s) / EVERY_S))
        self._activity *= kept if moved is None else np.where(moved, np.float32(1.0), kept)

    def _when(self, glance: Glance, new: Floats, energy: Floats, moved: Tiles) -> Times:
        """When the calm ones of the tiles `moved` took their `new` look: the first frame closer to it than the old."""
        calm = self._activity[moved] < RESTLESS
        index = moved[calm]
        if glance.gradual:
            # As it is read, so it was written: line by line.
            return np.linspace(self._now_s, glance.time_s, len(moved))
        if not glance.between or not is_text_sized(index, self._grid):
            return np.full(len(moved), glance.time_s)
        new, energy = new[calm], energy[calm]
        old, old_energy = self._candidate[index], self._candidate_energy[index]
        low, high, best = 0, len(glance.between), glance.time_s
        while low < high:
            middle = (low + high) // 2
            time_s, frame = glance.between[middle]
            seen = self._grid.picture(self._grid.luma(frame), index)
            to_new = difference(seen.detail, seen.energy, new, energy)
            to_old = difference(seen.detail, seen.energy, old, old_energy)
            if float((to_new < to_old).mean()) > 0.5:
                high, best = middle, time_s
            else:
                low = middle + 1
        return np.full(len(moved), best)

    def _is_one_move(self, group: Tiles) -> bool:
        """Tell whether the tiles of a small group changed together: a word that appears does, a sleeve does not."""
        left, since = self._left_s[group], self._since_s[group]
        return bool(quantile(left, 0.9) - quantile(left, 0.1) < 0.8 and np.ptp(since) < 1.2)

    def _judge(self, now_s: float, *, last: bool = False) -> Iterator[SamplePoint]:
        if not self._open and not math.isfinite(self._cut_s) and not self._differs.any():
            return
        settle_s = 0.3 if last else SETTLE_S
        if math.isfinite(self._cut_s) and now_s - self._cut_s > SETTLE_S:
            rested = now_s - self._since_s > SETTLE_S
            if rested.mean() > 0.85:
                # What moved before the cut is gone; let it not hide what came.
                self._activity[rested] = np.minimum(self._activity[rested], RESTLESS / 2)
                self._cut_s = -np.inf
        calm = self._calm()
        away = self._differs & calm
        resting = away & (now_s - self._since_s >= settle_s)
        if int(resting.sum()) >= 8:
            seen = resting.tobytes()
            if seen != self._seen:
                self._seen = seen
                self._regions = [g for g in groups(resting, self._grid) if is_text_sized(g, self._grid)]
            if self._regions:
                moving, trail = self._going_on(away, now_s, settle_s)
                restless = spread(~calm, self._grid, reach=1)
            ready = []
            for group in self._regions:
                if restless[group].mean() > CLING:
                    continue
                small = len(group) < SMALL
                patient = small or now_s - float(self._since_s[group].min()) <= PATIENCE_S
                if (patient and not last and self._goes_on(group, moving, trail)) or (
                    small and not self._is_one_move(group)
                ):
                    continue
                if quantile(self._left_s[group], 0.5) - self._first_s < FIRST_S:
                    # What never stood is no change when it goes: someone moves off, the first slide fades in.
                    self._showing.settled_s = max(self._showing.settled_s, float(self._since_s[group].max()))
                    self._adopt(group)
                elif self._strength(group) < STRENGTH:
                    self._adopt(group)
                else:
                    ready.append(group)
            for tiles in self._together(ready):
                parts = self._apart(tiles)
                for part in parts:
                    self._close(part, parted=part is not parts[-1])
        for change in self._open:
            hold_s = SWEEP_HOLD_S if change.sweeping else HOLD_S
            if change.verdict is None and now_s - change.settled_s >= hold_s:
                change.verdict = bool(change.lost.mean() < 0.5 and self._activity[change.tiles].mean() < RESTLESS)
        yield from self._settle_verdicts()
        yield from self._shot(now_s)

    def _going_on(self, away: Flags, now_s: float, settle_s: float) -> tuple[Flags, Flags]:
        """Tiles that move, unless it is no more than a mouse, and those that typing left behind just now.

        A caret and a mouse leave no trail.
        """
        moving = away & (now_s - self._since_s < settle_s)
        trail = away & (now_s - self._reached_s < PAUSE_S) & (now_s - self._since_s > EVERY_S / 2)
        return (moving if int(moving.sum()) > MOUSE else np.zeros_like(moving)), trail

    def _goes_on(self, group: Tiles, moving: Flags, trail: Flags) -> bool:
        """Tell whether more is to come beside or in a group: something moves there, or was typed after most of it."""
        settled_s = quantile(self._since_s[group], 0.5)
        more = trail & (self._reached_s > settled_s + 0.3)
        if int(moving.sum()) > 0.25 * len(group) or not self._is_one_move(group):
            more |= moving
        elif self._now_s - settled_s > PAUSE_S and int(trail.sum()) <= 2 * MOUSE:
            # What came at once, and has stood, need not wait for a mouse that came to rest beside it at once.
            reached = self._reached_s[trail]
            if len(reached) and np.ptp(reached) < 0.5:
                return False
        return bool(more.any() and spread(more, self._grid, reach=3)[group].any())

    def _strength(self, tiles: Tiles) -> float:
        """How much of what is in the tiles is new: about 1 for new text, little for text drawn more or less sharply."""
        new, new_energy = self._candidate[tiles], self._candidate_energy[tiles]
        old, old_energy = self._reference[tiles], self._reference_energy[tiles]
        return quantile(difference(new, new_energy, old, old_energy) / contrast(new_energy, old_energy), 0.5)

    def _adopt(self, tiles: Tiles) -> None:
        self._reference[tiles] = self._candidate[tiles]
        self._reference_energy[tiles] = self._candidate_energy[tiles]
        self._differs[tiles] = False
        self._left_s[tiles] = np.inf

    def _apart(self, tiles: Tiles) -> list[Tiles]:
        """Part a slide that came at once from what was typed on it, when both touch and came to rest as one."""
        left = self._left_s[tiles]
        first = left <= float(left.min()) + 0.5
        typed_s = quantile(self._since_s[tiles], 0.95) - float(left.min())
        if typed_s <= 3.0 or int(first.sum()) < 32 or int((~first).sum()) < SMALL:
            return [tiles]
        # An empty panel is no slide: one takes away what was there, and more than by a scroll.
        gone = np.sqrt(self._reference_energy[tiles[first]] / PIXELS) > TEXTURE
        if gone.mean() < 0.15 or has_scrolled(self._reference, self._candidate, tiles[first], self._grid):
            return [tiles]
        return [tiles[first], tiles[~first]]

    def _is_back(self, change: Change) -> bool:
        """Tell whether the picture shows again what it showed before `change`."""
        new, energy = self._candidate[change.tiles], self._candidate_energy[change.tiles]
        apart = difference(new, energy, change.old, change.old_energy)
        return bool((apart < STRENGTH * contrast(energy, change.old_energy)).mean() > 0.5)

    def _together(self, parts: list[Tiles]) -> list[Tiles]:
        """Join groups of tiles that began to change or came to rest at the same moment; in order of time."""
        joined: list[tuple[float, float, list[Tiles]]] = []
        for group in sorted(parts, key=lambda g: quantile(self._since_s[g], 0.5)):
            left_s, since_s = quantile(self._left_s[group], 0.5), quantile(self._since_s[group], 0.5)
            if joined and (since_s - joined[-1][1] < TOGETHER_S or abs(left_s - joined[-1][0]) < TOGETHER_S):
                joined[-1] = (min(left_s, joined[-1][0]), since_s, [*joined[-1][2], group])
            else:
                joined.append((left_s, since_s, [group]))
        return [np.concatenate(members) for _, _, members in joined]

    def _close(self, tiles: Tiles, *, parted: bool) -> None:
        textured_before = (np.sqrt(self._reference_energy / PIXELS) > TEXTURE) & self._calm()
        gone = textured_before[tiles]
        textured = self._textured() & self._calm()
        share = len(tiles) / max(1, int(textured.sum()))
        left, since = self._left_s[tiles], self._since_s[tiles]
        time_s, left_s = onset(left, since, look_s=EVERY_S)
        old_share = int(gone.sum()) / max(1, int(textured_before.sum()))
        reason = "slide" if old_share > 0.4 else "build"
        if old_share > 0.15 and has_scrolled(self._reference, self._candidate, tiles, self._grid):
            reason = "scroll"
        # What is typed over a slide that came at once does not make the slide late.
        rest_s = quantile(since, 0.75) if parted else float(since.max())
        sweeping = share > 0.5 or len(tiles) > 0.25 * len(self._differs)
        if sweeping:
            for change in self._open:
                # What a new slide took away had stood until then.
                if change.verdict is None and change.lost_s > float(left.min()) - TOGETHER_S:
                    change.verdict = True
        self._open.append(
            Change(
                time_s, left_s, rest_s, reason, tiles,
                self._reference[tiles].copy(), self._reference_energy[tiles].copy(), sweeping,
                lost=np.zeros(len(tiles), bool),
            )
        )  # fmt: skip
        self._adopt(tiles)

    def _settle_verdicts(self) -> Iterator[SamplePoint]:
        while self._open and self._open[0].verdict is not None:
            change = self._open.popleft()
            if change.verdict:
                yield from self._point(change.time_s, change.left_s, change.settled_s, change.reason)
            else:
                self._restore(change)

    def _restore(self, change: Change) -> None:
        """A change that did not stay: remember again what was there before."""
        tiles = change.tiles
        self._reference[tiles], self._reference_energy[tiles] = change.old, change.old_energy
        apart = difference(self._candidate[tiles], self._candidate_energy[tiles], change.old, change.old_energy)
        differs = apart > np.maximum(FLOOR, RELATIVE * contrast(self._candidate_energy[tiles], change.old_energy))
        self._differs[tiles] = differs
        self._left_s[tiles] = np.where(differs, self._since_s[tiles], np.inf)

    def _shot(self, now_s: float) -> Iterator[SamplePoint]:
        """A cut into a picture that never rests (a film, a speaker): one point, and not often."""
        cut_s = self._cut_s
        if now_s - cut_s < SHOT_S or not math.isfinite(cut_s):
            return
        self._cut_s = -np.inf
        if self._open or cut_s - self._showing.start_s < (SHOTS_APART_S if self._showing.reason == "scene" else SHOT_S):
            return
        # A flash, or a return to the picture before, is no new shot.
        if float(np.abs(self._mean - self._before_cut).mean()) < CUT:
            return
        self._reference[:], self._reference_energy[:] = self._candidate, self._candidate_energy
        self._differs[:] = False
        self._left_s[:] = np.inf
        yield from self._point(cut_s, cut_s, cut_s, "scene")

    def _point(self, time_s: float, left_s: float, settled_s: float, reason: str) -> Iterator[SamplePoint]:
        blank = not (np.sqrt(self._reference_energy / PIXELS) > TEXTURE).any()
        if time_s > self._showing.start_s + 0.3 and not blank:
            yield self._showing.point(time_s, before_s=min(left_s, time_s, self._now_s))
            self._showing.turn(time_s, reason)
        self._showing.settle(settled_s)
