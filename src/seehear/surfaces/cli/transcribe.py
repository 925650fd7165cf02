"""`seehear transcribe`: speech as text, without indexing it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from seehear.spans import clock
from seehear.surfaces.cli.console import announce, common, note, plain, print_json, say
from seehear.surfaces.cli.options import choosing
from seehear.surfaces.cli.progress import Live


@click.command(short_help="Turn speech into text with times.")
@click.argument("media", type=click.Path(path_type=Path))
@click.option("--format", "style", type=click.Choice(["text", "srt", "vtt"]), default="text", show_default=True)
@choosing("hear", "language", "local", "budget_usd")
@common
def transcribe(media: Path, style: str, as_json: bool, home: str | None, **settings: Any) -> None:
    """Transcribe the speech in MEDIA; nothing is stored in the library but what makes a second run free.

    \b
    seehear transcribe talk.mp3 --format srt > talk.srt
    """
    from seehear.library import Library

    with Library(home, **settings) as library, Live(quiet=as_json) as live:
        announce(library, "hear")
        found = library.transcribe(media, on_progress=live.progress, on_pull=live.pull)
    if as_json:
        print_json(
            {
                "language": found.language,
                "via": found.via,
                "segments": [
                    {
                        "start_s": s.span.start_s,
                        "end_s": s.span.end_s,
                        "text": s.text,
                        "speaker": s.speaker,
                        "words": [
                            {
                                "start_s": w.span.start_s,
                                "end_s": w.span.end_s,
                                "text": w.text,
                                "probability": w.probability,
                            }
                            for w in s.words
                        ],
                    }
                    for s in found.segments
                ],
                "gaps": [
                    {"start_s": g.span.start_s, "end_s": g.span.end_s, "stage": g.stage, "reason": g.reason}
                    for g in found.gaps
                ],
            }
        )
        return
    if style == "text":
        for segment in found.segments:
            who = f"{segment.speaker}: " if segment.speaker else ""
            say(f"[{clock(segment.span.start_s)}] {plain(who + segment.text)}")
    else:
        from seehear.captions import to_srt, to_vtt
        from seehear.ingest.stages import transcript_events

        say(plain((to_srt if style == "srt" else to_vtt)(transcript_events(found))), newline=False)
    for gap in found.gaps:
        note(f"gap {clock(gap.span.start_s)}–{clock(gap.span.end_s)} ({gap.stage}): {plain(gap.reason)}", fg="yellow")
    if not found.segments and not found.gaps:
        note("no speech was found")
