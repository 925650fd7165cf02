"""The library file: media, timelines, what is searched, and the stage cache."""

from seehear.store.database import FILE_NAME
from seehear.store.store import MediaRow, Sizes, Store, StoredPassage

__all__ = ["FILE_NAME", "MediaRow", "Sizes", "Store", "StoredPassage"]
