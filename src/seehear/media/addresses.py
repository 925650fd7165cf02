"""What counts as a web address."""

from __future__ import annotations

import re


def is_url(text: str) -> bool:
    """Tell whether a text is meant as a web address, and not as a path."""
    return re.match(r"https?:/", text, re.IGNORECASE) is not None
