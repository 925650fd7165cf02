"""Write docs/images/ask.svg from a real run: python docs/make_screenshot.py VIDEO "QUESTION" (on Unix)."""

import io
import os
import pty
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS = 100
IMAGE = Path(__file__).parent / "images" / "ask.svg"


def run(command: list[str]) -> str:
    """What a command prints to a terminal, colours included."""
    printed = io.BytesIO()

    def read(descriptor: int) -> bytes:
        raw = os.read(descriptor, 65536)
        printed.write(raw)
        return raw

    os.environ["COLUMNS"] = str(COLUMNS)
    pty.spawn(command, read)
    return printed.getvalue().decode("utf-8", "replace").replace("\r\n", "\n")


def settled(text: str) -> str:
    """What is left on the screen: a line that was cleared is gone."""
    return "\n".join(line.split("\r\x1b[K")[-1] for line in text.split("\n"))


if __name__ == "__main__":
    video, question = sys.argv[1:]
    run([sys.executable, "-m", "seehear", "ask", video, question])  # the first time indexes, with progress bars
    shown = settled(run([sys.executable, "-m", "seehear", "ask", video, question]))
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text(f'$ seehear ask {Path(video).name} "{question}"\n', style="bold"))
    console.print(Text.from_ansi(shown), soft_wrap=True)
    IMAGE.parent.mkdir(exist_ok=True)
    console.save_svg(str(IMAGE), title="seehear")
