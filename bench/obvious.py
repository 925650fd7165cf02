"""The obvious script: choose frames, read each with the same OCR, then transcribe with the same Whisper.

    python bench/obvious.py VIDEO (--scene 0.3 | --every 10) [--model whisper-base]

It is what one writes in an afternoon from the documentation of PyAV (ffmpeg's `scene` filter), RapidOCR and
faster-whisper, with their usual settings: no part of seehear but the folder where the weights lie, one thread each.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import av
import av.error
import numpy as np
from faster_whisper import WhisperModel
from rapidocr import RapidOCR

from seehear import weights

ONE_THREAD = {"EngineConfig.onnxruntime.intra_op_num_threads": 1, "EngineConfig.onnxruntime.inter_op_num_threads": 1}


def by_scene(path: Path, threshold: float) -> Iterator[tuple[float, np.ndarray]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        graph = av.filter.Graph()
        chain = [graph.add_buffer(template=stream), graph.add("select", f"eq(n,0)+gt(scene,{threshold})"),
                 graph.add("buffersink")]  # fmt: skip
        graph.link_nodes(*chain).configure()
        for frame in container.decode(stream):
            graph.push(frame)
            while True:
                try:
                    chosen = graph.pull()
                except (av.error.BlockingIOError, av.error.EOFError):
                    break
                yield float(chosen.pts * chosen.time_base), chosen.to_ndarray(format="rgb24")


def by_clock(path: Path, every_s: float) -> Iterator[tuple[float, np.ndarray]]:
    due_s = 0.0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for frame in container.decode(stream):
            if frame.time is not None and frame.time >= due_s:
                due_s += every_s
                yield frame.time, frame.to_ndarray(format="rgb24")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--scene", type=float)
    parser.add_argument("--every", type=float)
    parser.add_argument("--model", default="whisper-base")
    chosen = parser.parse_args()
    ocr = RapidOCR(params={"Global.log_level": "critical", **ONE_THREAD})
    frames = by_scene(chosen.video, chosen.scene) if chosen.scene else by_clock(chosen.video, chosen.every)
    shown = [(time_s, list(ocr(rgb[..., ::-1]).txts or ())) for time_s, rgb in frames]
    model = WhisperModel(str(weights.locate(chosen.model)), device="cpu", compute_type="int8", cpu_threads=1)
    said = [(s.start, s.end, s.text) for s in model.transcribe(str(chosen.video))[0]]
    print(json.dumps({"frames_s": [time_s for time_s, _ in shown], "shown": shown, "said": said}))


if __name__ == "__main__":
    main()
