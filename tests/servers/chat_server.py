"""A chat completions endpoint on this machine, in real HTTP, that answers by a rule and misbehaves by a seed.

In a test it runs on a thread; ``python -m tests.servers.chat_server --latency 0.05`` runs it in a process of its own
and prints its address.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Answer = Callable[[str], str]
Body = dict[str, Any]

# Every fault, and what it puts on the wire is in `ChatServer._misbehave`.
FAULTS = (
    "429", "429 with Retry-After", "408", "500", "502", "503", "reset before the body", "reset in the body",
    "time-out", "slow drip", "malformed JSON", "wrong content type", "empty choices", "duplicated reply",
    "error object in a 200",
)  # fmt: skip
HARMLESS = ("duplicated reply",)  # the answer is there


@dataclass(frozen=True)
class Faults:
    """Which requests go wrong, and how; the same request goes wrong the same way, whatever else is going on.

    Args:
        share: of all attempts, in [0, 1].
        kinds: what may happen.
        seed: moves the draws.
    """

    share: float = 0.0
    kinds: tuple[str, ...] = FAULTS
    seed: int = 0

    def draw(self, prompt: str, attempt: int) -> str | None:
        """What goes wrong with an attempt (0 is the first) at a prompt; None is nothing."""
        generator = random.Random(f"{self.seed}/{prompt}/{attempt}")
        return generator.choice(self.kinds) if generator.random() < self.share else None


class ChatServer:
    """Answers on a thread of its own while its context lasts.

    Args:
        answer: the reply to a prompt.
        faults: what goes wrong.
        latency: seconds before each reply.
        reply: overrules the answer: status and body, an object or bytes, for a request's body; or bytes, which go on
            the wire as they are.
        port: where it listens; 0 is any that is free.
    """

    def __init__(
        self,
        answer: Answer = str.upper,
        faults: Faults = Faults(),
        latency: float = 0.0,
        reply: Callable[[Body], tuple[int, Any] | bytes] | None = None,
        port: int = 0,
    ) -> None:
        self.answer, self.faults, self.latency, self.reply = answer, faults, latency, reply
        self.seen: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.extra_headers: dict[str, str] = {}
        self.paths: list[str] = []
        self.lists_models = True
        self.paid: Counter[str] = Counter()  # whole, well-formed answers per request
        self.faulty: Counter[str] = Counter()  # faults per kind
        self.connections = self.open = self.busy = self.most_busy = 0
        self._attempts: Counter[str] = Counter()
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._socket = socket.create_server(("127.0.0.1", port), backlog=256)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    def __enter__(self) -> ChatServer:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def wait_until(self, reached: Callable[[], bool], seconds: float = 10.0) -> None:
        """Waits until the server has seen what it has to see.

        Raises:
            TimeoutError: it did not.
        """
        deadline = time.monotonic() + seconds
        while not reached():
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(0.005)

    def forget(self) -> None:
        """Forgets the requests, and begins to count anew; no request may be under way."""
        for counted in (self.seen, self.headers, self.paths, self.paid, self.faulty, self._attempts):
            counted.clear()

    def serve(self) -> None:
        """Answers on this thread until it is interrupted."""
        self._run()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connected, sock=self._socket, backlog=256))
        self._loop.call_soon(self._ready.set)
        try:
            self._loop.run_forever()
        finally:
            server.close()
            tasks = asyncio.all_tasks(self._loop)
            for task in tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            while True:
                await self._serve_one(*await _read_request(reader), writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client left, or the server stops
        finally:
            self.open -= 1
            writer.close()

    async def _serve_one(self, path: str, headers: dict[str, str], body: Body, writer: asyncio.StreamWriter) -> None:
        self.paths.append(path)
        self.headers.append(headers)
        if not body:  # nothing is posted to ask for the list of models
            models = {"object": "list", "data": [{"id": "m", "object": "model"}]}
            writer.write(_response(200, models) if self.lists_models else _response(404, error("no such page")))
            await writer.drain()
            return
        self.seen.append(body)
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        try:
            await asyncio.sleep(self.latency)
            await self._respond(body, writer)
            await writer.drain()
        finally:
            self.busy -= 1

    async def _respond(self, body: Body, writer: asyncio.StreamWriter) -> None:
        prompt, request = body["messages"][-1]["content"], json.dumps(body, sort_keys=True)
        fault = self.faults.draw(request, self._attempts[request])
        self._attempts[request] += 1
        if fault:
            self.faulty[fault] += 1
        if fault and fault not in HARMLESS:
            await self._misbehave(fault, completion(self.answer(prompt)), writer)
            return
        found = self.reply(body) if self.reply else (200, completion(self.answer(prompt)))
        if isinstance(found, bytes):
            writer.write(found)
            return
        status, content = found
        if status == 200:
            self.paid[request] += 1
        data = _response(status, content, **self.extra_headers)
        writer.write(data + data if fault == "duplicated reply" else data)

    async def _misbehave(self, fault: str, content: Body, writer: asyncio.StreamWriter) -> None:
        whole = _response(200, content)
        match fault:
            case "429 with Retry-After":
                writer.write(_response(429, error("slow down"), retry_after="0"))
            case "reset before the body":
                _reset(writer)
            case "reset in the body":
                writer.write(whole[:-20])
                await writer.drain()
                _reset(writer)
            case "time-out":
                await asyncio.sleep(3600)
            case "slow drip":
                while True:  # never ends, and never pauses for long
                    writer.write(whole[:1])
                    whole = whole[1:] if len(whole) > 20 else whole
                    await writer.drain()
                    await asyncio.sleep(0.02)
            case "malformed JSON":
                writer.write(_response(200, json.dumps(content).encode()[:-7]))
            case "wrong content type":
                writer.write(_response(200, b"<html>Bad gateway</html>", content_type="text/html"))
            case "empty choices":
                writer.write(_response(200, content | {"choices": [], "usage": None}))
            case "error object in a 200":
                writer.write(_response(200, error("upstream failed")))
            case status:
                writer.write(_response(int(status), error("not now")))


def completion(content: Any, *, finish_reason: str = "stop", usage: Any = (7, 3), **message: Any) -> Body:
    """A chat completion as the servers send it."""
    counted = {"prompt_tokens": usage[0], "completion_tokens": usage[1]} if isinstance(usage, tuple) else usage
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": content, **message},
        "finish_reason": finish_reason,
    }
    return {
        "id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": counted,
    }  # fmt: skip


def error(message: str, code: Any = None) -> Body:
    """An error as the servers send it."""
    return {"error": {"message": message, "type": "error", "param": None, "code": code}}


def events(*deltas: Body, finish_reason: str | None = "stop", usage: Any = None, done: bool = True) -> bytes:
    """A streamed reply as the servers send it."""
    choices: list[Body] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    if finish_reason:
        choices.append({"index": 0, "delta": {}, "finish_reason": finish_reason})
    chunks: list[Body] = [{"object": "chat.completion.chunk", "choices": [choice]} for choice in choices]
    if usage:
        counted = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
        chunks.append({"object": "chat.completion.chunk", "choices": [], "usage": counted})
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return "".join([*lines, *(["data: [DONE]\n\n"] if done else [])]).encode()


def raw_reply(status_line: bytes, content: Any, *headers: str) -> bytes:
    """A reply whose first line and headers are as they are given."""
    body = json.dumps(content).encode()
    lines = [status_line, f"Content-Length: {len(body)}".encode(), *(header.encode("latin-1") for header in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], Body]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return (
        first.split(" ")[1],
        headers,
        json.loads(await reader.readexactly(int(headers.get("content-length", 0))) or b"{}"),
    )


def _response(status: int, content: Any, content_type: str = "application/json", **headers: str) -> bytes:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def _reset(writer: asyncio.StreamWriter) -> None:
    """Closes such that the other side gets a reset instead of an end."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    raise ConnectionResetError


def main() -> None:
    """Serves until it is interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each reply")
    parser.add_argument("--faults", type=float, default=0.0, help="share of the attempts that go wrong")
    arguments = parser.parse_args()
    server = ChatServer(latency=arguments.latency, faults=Faults(arguments.faults))
    print(server.url, flush=True)
    server.serve()


if __name__ == "__main__":
    main()
