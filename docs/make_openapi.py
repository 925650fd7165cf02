"""Write docs/openapi.json from the server's routes; a test holds both equal."""

import json
from pathlib import Path

from seehear.surfaces.server.app import bare_app, openapi

TARGET = Path(__file__).with_name("openapi.json")


def document() -> str:
    """The OpenAPI document as it is committed."""
    return json.dumps(openapi(bare_app()), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
