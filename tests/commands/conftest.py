"""A folder with a task, and a model server on this machine that lists its models and answers with the second word."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.reporting.conftest import make_run as make_run


class ModelServer(ThreadingHTTPServer):
    """Counts its requests."""

    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[dict[str, Any]] = []
        self.listed: list[str] = []
        self.keys: list[str | None] = []
        self.status = 200
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    """Speaks as much of OpenAI's protocol as is needed."""

    protocol_version = "HTTP/1.1"
    server: ModelServer

    def do_GET(self) -> None:
        self.server.listed.append(self.path)
        key = self.headers["Authorization"]
        self.server.keys.append(key)
        problem = {"error": {"message": f"wrong key {key}", "type": "error", "param": None, "code": None}}
        models = {"object": "list", "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "us"}]}
        self._send(models if self.server.status == 200 else problem)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(body)
        words = body["messages"][-1]["content"].split()
        sampled = f"{words[len(words) // 2]} and {words[body.get('seed', 0) % len(words)]} now"
        text = sampled if body["temperature"] else words[-2]
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        self._send(
            {
                "id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice],
                "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
            }
        )  # fmt: skip

    def _send(self, content: Any) -> None:
        data = json.dumps(content).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """The server, on a thread of its own."""
    with ModelServer() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory: 40 examples in good.jsonl. There is no key and no address in the environment."""
    lines = [json.dumps({"input": f"a{i} b{i}", "output": f"b{i}"}) for i in range(40)]
    (tmp_path / "good.jsonl").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def search() -> list[str]:
    """A small search on good.jsonl, without a white box's weights."""
    return [
        "--task.name=t", "--task.train_file=good.jsonl", "--white_box=duet.models.fakes.HashingWhiteBox",
        "--search.iterations=2", "--search.allocation.kind=fixed", "--search.allocation.examples=3",
        "--search.initialisation.count=4",
        "--strategy.init_args.candidates=6", "--strategy.init_args.choose=1", "--model.steps=6",
        "--search.threshold=1.1", "--run_dir=run",
    ]  # fmt: skip


@pytest.fixture
def paid(search: list[str], server: ModelServer) -> list[str]:
    """The same with a black box behind the server, which costs money."""
    return [*search, *at(server.url), *PRICES]


PRICES = ["--black_box.init_args.prices={prompt: 100, completion: 200}"]


def at(url: str, model: str = "m") -> list[str]:
    """The arguments of a black box at an address."""
    return [
        "--black_box=duet.models.openai_black_box.OpenAIBlackBox",
        f"--black_box.init_args.model={model}",
        f"--black_box.init_args.base_url={url}",
    ]
