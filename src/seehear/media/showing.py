"""What the screen shows from one change to the next: since when, why, and the look at which it was best seen."""

from __future__ import annotations

from collections import deque

from seehear.media.glance import EVERY_S
from seehear.spans import Span
from seehear.values import SamplePoint

MOST_LOOKS = 600


class Showing:
    """The state of the screen that lasts now; `point` tells it whole once its end is known, `turn` begins the next."""

    def __init__(self, time_s: float) -> None:
        """Begin with the first picture, complete at `time_s`."""
        self.start_s = self.settled_s = time_s
        self.reason = "start"
        self._looks: deque[tuple[float, int]] = deque([(time_s, 0)])

    def look(self, time_s: float, covered: int) -> None:
        """Note that it was looked at, with so many tiles that showed something else; far back the best look counts."""
        self._looks.append((time_s, covered))
        if len(self._looks) > MOST_LOOKS:
            half = MOST_LOOKS // 2
            kept = min(list(self._looks)[:half], key=lambda look: (look[1], -look[0]))
            self._looks = deque([kept, *list(self._looks)[half:]])

    def turn(self, time_s: float, reason: str) -> None:
        """Something new began at `time_s`, a change of this `reason`."""
        self.start_s, self.reason = time_s, reason

    def settle(self, settled_s: float) -> None:
        """It came to rest at `settled_s`: what was seen before does not count."""
        self.settled_s = settled_s
        while len(self._looks) > 1 and self._looks[0][0] < settled_s:
            self._looks.popleft()

    def point(self, end_s: float, *, before_s: float) -> SamplePoint:
        """The point of what lasted until `end_s` and was whole until `before_s`."""
        return SamplePoint(self._best_s(before_s), Span(self.start_s, max(end_s, self.start_s)), self.reason)

    def _best_s(self, before_s: float) -> float:
        """When the current picture was complete and least covered; the latest such look before it was left."""
        looks = [look for look in self._looks if self.settled_s + EVERY_S <= look[0] < before_s]
        # The first breath of a fade moves no tile far enough to be seen.
        looks = [look for look in looks if look[0] <= before_s - EVERY_S] or looks
        best_s = min(looks, key=lambda look: (look[1] // 8, -look[0]))[0] if looks else self.settled_s
        if (not looks or best_s == looks[-1][0]) and before_s - best_s > 2 * EVERY_S:
            # Not looked at again, as nothing more came: well after it came to rest, well before it was left.
            best_s = min(best_s + 2.0, (best_s + before_s) / 2)
        return max(self.start_s, min(best_s, before_s - 1e-3))
