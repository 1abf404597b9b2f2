"""Measures the overhead of the black box over the network: ``python -m benchmarks.black_box_throughput``.

A local server in a process of its own answers after 50 ms. Scored are 40 instructions on 20 examples through the cache,
as a search does it; the ideal is ceil(calls / concurrency) x latency. Beside it stands the barest client: open sockets
that send the same bytes and look for the end of the reply, so what it takes beyond the ideal is the server's own time.
Then the memory of a client whose cache holds 100,000 answers.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import math
import multiprocessing
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from duet.evaluation.evaluation import EvaluationConfig, Evaluator, Trial
from duet.examples.example import Example
from duet.models.base import Completion, Request
from duet.models.fakes import ScriptedBlackBox
from duet.models.openai_black_box import OpenAIBlackBox
from duet.spending.cached import CachedBlackBox

INSTRUCTIONS, EXAMPLES, LATENCY = 40, 20, 0.05
CALLS = INSTRUCTIONS * EXAMPLES


@contextmanager
def server(*options: str) -> Iterator[str]:
    """The address of a server in a process of its own."""
    command = [sys.executable, "-m", "tests.servers.chat_server", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def evaluator(box: CachedBlackBox) -> Evaluator:
    """Scores answers by their length, which costs nothing."""
    examples = [Example(f"a{i} b{i}", (f"b{i}",)) for i in range(EXAMPLES)]
    return Evaluator(box, examples, lambda answer, outputs: float(len(answer) > 3), EvaluationConfig())


def trials(name: str) -> list[Trial]:
    """Builds instructions that no cache knows, each to be tried on all examples."""
    return [Trial(f"Write the second word of run {name}, variant {i}.", 0, EXAMPLES) for i in range(INSTRUCTIONS)]


def timed(url: str, concurrency: int, repeats: int, folder: Path) -> tuple[float, float]:
    """(seconds, processor seconds), the medians over the repeats; the connections are open already."""
    box = OpenAIBlackBox("m", url, max_concurrency=concurrency)
    box.complete([Request(f"warm {i}") for i in range(concurrency)])
    scorer = evaluator(CachedBlackBox(box, folder / "cache.sqlite"))
    walls, processor = [], []
    for repeat in range(repeats):
        group, wall, cpu = trials(f"{concurrency}-{repeat}"), time.perf_counter(), time.process_time()
        assert len(scorer.evaluate(group)) == INSTRUCTIONS
        walls.append(time.perf_counter() - wall)
        processor.append(time.process_time() - cpu)
    return statistics.median(walls), statistics.median(processor)


async def barest(url: str, concurrency: int) -> float:
    """Seconds for as many calls with next to no work of the client's own."""
    body = json.dumps({"messages": [{"role": "user", "content": "Instruction: do it.\n\nInput: a\nOutput:"}]}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    address = urlsplit(url)
    streams = [await asyncio.open_connection(address.hostname, address.port) for _ in range(concurrency)]
    left = iter(range(CALLS))

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in left:
            writer.write(head + body)
            reply = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(reply.partition(b"content-length:")[2].split()[0]))

    start = time.perf_counter()
    await asyncio.gather(*(ask(*stream) for stream in streams))
    seconds = time.perf_counter() - start
    for _, writer in streams:
        writer.close()
    return seconds


def throughput(concurrencies: Sequence[int], repeats: int) -> list[str]:
    """A table of wall and processor time."""
    lines = [
        "| concurrency | wall, s | ideal, s | ratio | barest client, s | processor, ms per call |",
        "|--:|--:|--:|--:|--:|--:|",
    ]
    with server("--latency", str(LATENCY)) as url, tempfile.TemporaryDirectory() as folder:
        for concurrency in concurrencies:
            times = repeats if concurrency > 1 else 1
            wall, cpu = timed(url, concurrency, times, Path(folder))
            least = statistics.median(asyncio.run(barest(url, concurrency)) for _ in range(times))
            ideal, each = math.ceil(CALLS / concurrency) * LATENCY, 1000 * cpu / CALLS
            lines.append(
                f"| {concurrency} | {wall:.2f} | {ideal:.2f} | {wall / ideal:.2f} | {least:.2f} | {each:.2f} |"
            )
    return lines


def with_faults(share: float, concurrency: int) -> list[str]:
    """A table of wall time when some of the attempts go wrong."""
    lines = ["| share of faults | concurrency | wall, s |", "|--:|--:|--:|"]
    with server("--latency", str(LATENCY), "--faults", str(share)) as url, tempfile.TemporaryDirectory() as folder:
        box = OpenAIBlackBox("m", url, max_concurrency=concurrency, timeout=1.0)
        wall = time.perf_counter()
        rows = evaluator(CachedBlackBox(box, Path(folder) / "cache.sqlite")).evaluate(trials("faults"))
        assert len(rows) == INSTRUCTIONS
        lines.append(f"| {share} | {concurrency} | {time.perf_counter() - wall:.1f} |")
    return lines


def memory(answers: int) -> list[str]:
    """A table of the peak memory before and after a client read this many answers from its cache."""
    lines = ["| answers | cache, MB | peak before, MB | peak after, MB | reading, s |", "|--:|--:|--:|--:|--:|"]
    requests = [Request(f"Instruction: do it.\n\nInput: {i}\nOutput:") for i in range(answers)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cache.sqlite"
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:  # a process of its own fills it
            pool.submit(fill, path, requests).result()
        before, start = peak(), time.perf_counter()
        box = CachedBlackBox(ScriptedBlackBox({}), path)
        assert all(isinstance(outcome, Completion) for outcome in box.complete(requests))
        seconds = time.perf_counter() - start
        size = sum(file.stat().st_size for file in Path(folder).iterdir()) / 1e6
        lines.append(f"| {answers:,} | {size:.0f} | {before:.0f} | {peak():.0f} | {seconds:.1f} |")
    return lines


def fill(path: Path, requests: Sequence[Request]) -> None:
    """Stores an answer to each request."""
    CachedBlackBox(ScriptedBlackBox(lambda request: request.prompt), path).complete(requests)


def peak() -> float:
    """Most megabytes of memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--repeats", type=int, default=5, help="the median counts; concurrency 1 runs once")
    parser.add_argument("--answers", type=int, default=100_000, help="in the cache, for the memory")
    arguments = parser.parse_args()
    gc.freeze()  # as the command line does
    tables = (throughput(arguments.concurrency, arguments.repeats), with_faults(0.3, 64), memory(arguments.answers))
    print("\n\n".join("\n".join(table) for table in tables))


if __name__ == "__main__":
    main()
