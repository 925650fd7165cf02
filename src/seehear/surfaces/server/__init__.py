"""The HTTP surface: one library for browsers and programs."""
