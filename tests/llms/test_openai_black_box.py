from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from llms.base import CallFailure, Completion, Request
from llms.errors import ProviderError
from llms.openai_black_box import OpenAIBlackBox

Reply = tuple[int, Any]


class Server(ThreadingHTTPServer):
    """A chat completions endpoint on this machine; ``reply`` is its script, ``seen`` what it was asked."""

    request_queue_size = 128
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/v1"
        self.seen: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()
        self.lock = threading.Lock()
        self.busy = self.most_busy = 0
        self.reply: Callable[[dict[str, Any]], Reply] = lambda body: chat(body["messages"][-1]["content"].upper())


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.seen.append(body)
            self.server.keys.add(self.headers["Authorization"])
            self.server.busy += 1
            self.server.most_busy = max(self.server.most_busy, self.server.busy)
        status, payload = self.server.reply(body)
        with self.server.lock:
            self.server.busy -= 1
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("retry-after-ms", "1")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def chat(content: str | None, refusal: str | None = None) -> Reply:
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    return 200, {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [choice],
        "usage": usage,
    }


def error(status: int, message: str) -> Reply:
    return status, {"error": {"message": message, "type": "error", "code": None}}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield server
        server.shutdown()


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def test_answers_come_in_order_with_their_usage(server: Server) -> None:
    box = OpenAIBlackBox("m", server.url)
    assert box.complete([Request("a"), Request("b")]) == [Completion("A", 7, 3), Completion("B", 7, 3)]
    assert server.keys == {"Bearer sk-test"}


def test_one_box_serves_call_after_call(server: Server) -> None:
    box = OpenAIBlackBox("m", server.url)
    assert [box.complete([Request(text)]) for text in "ab"] == [[Completion("A", 7, 3)], [Completion("B", 7, 3)]]
    assert box.complete([]) == []


def test_a_request_says_all_that_it_was_given(server: Server) -> None:
    box = OpenAIBlackBox("m", server.url, system_prompt="Be short.")
    box.complete([Request("a", max_tokens=5)])
    box.complete([Request("a", max_tokens=5, temperature=0.5, seed=9)])
    messages = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "a"}]
    greedy = {"model": "m", "messages": messages, "max_tokens": 5, "temperature": 0.0}
    assert server.seen == [greedy, greedy | {"temperature": 0.5, "seed": 9}]


def test_openai_itself_is_sent_the_newer_name_of_max_tokens() -> None:
    assert OpenAIBlackBox("m")._parameters(Request("a", max_tokens=5))["max_completion_tokens"] == 5


@pytest.mark.parametrize("status", [401, 403, 404])
def test_an_unusable_provider_stops_at_once_in_its_own_words(server: Server, status: int) -> None:
    server.reply = lambda _: error(status, "it is\nno use")
    with pytest.raises(ProviderError, match=r"refuses: .*it is") as caught:
        OpenAIBlackBox("m", server.url, max_concurrency=2).complete([Request("a")] * 50)
    assert "\n" not in str(caught.value)
    assert len(server.seen) <= 4


def test_answers_are_kept_when_the_key_is_lost_on_the_way(server: Server) -> None:
    server.reply = lambda body: error(401, "gone") if body["messages"][0]["content"] == "b" else chat("A")
    first, second = OpenAIBlackBox("m", server.url, max_concurrency=1).complete([Request("a"), Request("b")])
    assert first == Completion("A", 7, 3)
    assert isinstance(second, CallFailure)
    assert "gone" in second.reason


def test_an_unreachable_endpoint_is_a_provider_error() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ProviderError, match=rf"^Can't reach http://.*:{port}/v1/: .+$"):
        OpenAIBlackBox("m", f"http://127.0.0.1:{port}/v1", max_retries=0).complete([Request("a")] * 3)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
def test_a_transient_failure_is_retried(server: Server, status: int) -> None:
    server.reply = lambda _: error(status, "later") if len(server.seen) == 1 else chat("A")
    assert OpenAIBlackBox("m", server.url).complete([Request("a")]) == [Completion("A", 7, 3)]
    assert len(server.seen) == 2


def test_what_still_fails_is_a_failure_of_its_own_request(server: Server) -> None:
    server.reply = lambda body: error(500, "broken") if body["messages"][0]["content"] == "b" else chat("A")
    first, second = OpenAIBlackBox("m", server.url, max_retries=2).complete([Request("a"), Request("b")])
    assert first == Completion("A", 7, 3)
    assert isinstance(second, CallFailure)
    assert "broken" in second.reason
    assert len(server.seen) == 4


def test_a_time_out_is_a_failure_of_its_own_request(server: Server) -> None:
    def slow(_: dict[str, Any]) -> Reply:
        time.sleep(0.5)
        return chat("A")

    server.reply = slow
    box = OpenAIBlackBox("m", server.url, timeout=0.1, max_retries=0)
    assert box.complete([Request("a")]) == [CallFailure("no answer within 0.1 seconds")]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (chat(""), Completion("", 7, 3)),
        (chat(None), CallFailure("no content (finish_reason stop)", 7, 3)),
        (chat(None, refusal="I won't."), CallFailure("refused: I won't.", 7, 3)),
        ((200, chat("A")[1] | {"choices": []}), CallFailure("the answer has no choices")),
        ((200, chat("AB")[1] | {"usage": None}), Completion("AB", 1, 2)),
        (
            error(400, "too long"),
            CallFailure("Error code: 400 - too long"),
        ),
    ],
)
def test_only_content_is_an_answer(server: Server, reply: Reply, outcome: Completion | CallFailure) -> None:
    server.reply = lambda _: reply
    assert OpenAIBlackBox("m", server.url).complete([Request("a")]) == [outcome]


def test_a_body_that_is_no_json_is_a_failure(server: Server) -> None:
    server.reply = lambda _: (200, b"<html>")
    [outcome] = OpenAIBlackBox("m", server.url).complete([Request("a")])
    assert isinstance(outcome, CallFailure)


def test_no_more_requests_are_under_way_than_allowed(server: Server) -> None:
    def slow(body: dict[str, Any]) -> Reply:
        time.sleep(0.02)
        return chat(body["messages"][0]["content"])

    server.reply = slow
    requests = [Request(str(number)) for number in range(40)]
    outcomes = OpenAIBlackBox("m", server.url, max_concurrency=8).complete(requests)
    assert [outcome.text for outcome in outcomes if isinstance(outcome, Completion)] == [r.prompt for r in requests]
    assert 2 <= server.most_busy <= 8


def test_openai_needs_a_key_and_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ProviderError, match=r"^No key: set the environment variable OPENAI_API_KEY$"):
        OpenAIBlackBox("m").complete([Request("a")])


def test_another_endpoint_needs_no_key(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    assert OpenAIBlackBox("m").complete([Request("a")]) == [Completion("A", 7, 3)]


def test_the_identity_names_endpoint_and_model_and_no_key(server: Server) -> None:
    box = OpenAIBlackBox("m", f"{server.url}/")
    assert box.identity == f"openai:{server.url}:m"
    assert OpenAIBlackBox("m", server.url, system_prompt="s").identity != box.identity


@pytest.mark.parametrize(
    "arguments", [{"base_url": "localhost:80"}, {"max_concurrency": 0}, {"max_retries": -1}, {"timeout": 0.0}]
)
def test_a_wrong_argument_is_named(arguments: dict[str, Any]) -> None:
    [name] = arguments
    with pytest.raises(ValueError, match=f"Expected {name} to be .* but got"):
        OpenAIBlackBox("m", **arguments)
