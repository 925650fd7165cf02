"""Finding moments: cutting timelines up, reading questions, ranking."""

from seehear.search.ranking import Found, Signal, find, search
from seehear.search.weighing import Weights

__all__ = ["Found", "Signal", "Weights", "find", "search"]
