"""Finding moments: cutting timelines up, reading questions, ranking."""

from seehear.search.ranking import Found, Signal, Weights, find, search

__all__ = ["Found", "Signal", "Weights", "find", "search"]
