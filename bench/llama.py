"""How fast the embedded language model reads a prompt and writes, with its weights as they are and repacked.

    python bench/llama.py [--runs 3] [--threads 1 2] [--json out.json]

Each setting runs in a process of its own, one after the other, again and again, so that what else the machine does
meets all of them alike. Prompts are words of the README in a drawn order: nothing is known from before.
"""

from __future__ import annotations

import http.client
import json
import random
import subprocess
import sys
import time
from collections import defaultdict
from typing import Any
from urllib.parse import urlsplit

import psutil

from report import ROOT, Table, finish, median, options
from seehear import weights

MODEL = "qwen2.5-coder-1.5b"
WORDS = 150
WRITTEN_TOKENS = 24
PROMPTS = 3


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--one", nargs=2, type=int, help="threads, and 1 to repack: what the bench starts by itself")
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measured(*chosen.one)))
        return
    found: dict[tuple[int, int], list[dict[str, float]]] = defaultdict(list)
    for _ in range(chosen.runs):
        for threads in chosen.threads:
            for repack in (0, 1):
                command = [sys.executable, __file__, "--one", str(threads), str(repack)]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                found[threads, repack].append(json.loads(done.stdout.splitlines()[-1]))
    table = Table(f"{MODEL}: medians of {chosen.runs} runs")
    for (threads, repack), runs in found.items():
        middle = {name: median([run[name] for run in runs]) for name in runs[0]}
        table.add(
            f"{threads} thread{'s' * (threads > 1)}, {'repacked' if repack else 'as they are'}",
            f"loads in {middle['load_s']:.1f} s, {middle['memory_gb']:.2f} GB, reads {middle['reads']:.1f} tokens/s,"
            f" writes {middle['writes']:.1f} tokens/s",
        )
    for threads in chosen.threads:
        ratios = {
            name: median([b[name] / a[name] for a, b in zip(found[threads, 0], found[threads, 1], strict=True)])
            for name in ("reads", "writes")
        }
        table.note(
            f"{threads} threads: repacked reads {ratios['reads']:.2f} × as fast, writes {ratios['writes']:.2f} ×"
        )
    finish([table], chosen.json)


def measured(threads: int, repack: int) -> dict[str, float]:
    """Load seconds, resident gigabytes, tokens read and written per second, in this process."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(next(weights.locate(MODEL).glob("*.gguf")))
    params.n_ctx, params.n_parallel, params.n_batch = 4096, 1, 512
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads, cpu.poll = threads, 0
    params.n_gpu_layers = 0
    params.no_extra_bufts = not repack
    params.fit_params = params.warmup = params.ui = False
    params.offline = True
    params.verbosity = -1
    begun = time.perf_counter()
    server = xllamacpp.Server(params)
    load_s = time.perf_counter() - begun
    words = (ROOT / "README.md").read_text(encoding="utf-8").split()
    reads, writes = [], []
    for seed in range(PROMPTS):
        prompt = " ".join(random.Random(seed).sample(words, WORDS))
        timings = completion(server, prompt)["timings"]
        reads.append(timings["prompt_per_second"])
        writes.append(timings["predicted_per_second"])
    memory_gb = psutil.Process().memory_info().rss / 1e9
    return {"load_s": load_s, "memory_gb": memory_gb, "reads": median(reads), "writes": median(writes)}


def completion(server: Any, prompt: str) -> dict[str, Any]:
    link = http.client.HTTPConnection(urlsplit(server.listening_address).netloc, timeout=300)
    body = {"prompt": prompt, "n_predict": WRITTEN_TOKENS, "cache_prompt": False, "temperature": 0}
    link.request("POST", "/completion", json.dumps(body), {"Content-Type": "application/json"})
    return dict(json.loads(link.getresponse().read()))


if __name__ == "__main__":
    main()
