"""The library file: media, timelines, what is searched, and the stage cache."""

from seehear.store.file import FILE_NAME, MediaRow, Sizes, Store, StoredPassage

__all__ = ["FILE_NAME", "MediaRow", "Sizes", "Store", "StoredPassage"]
