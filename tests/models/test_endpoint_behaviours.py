"""Forty ways in which endpoints behave, imitated on this machine, and their outcome (docs/endpoints.md lists them)."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from duet.models.base import CallFailure, Completion, Outcome, Request
from duet.models.errors import ProviderError
from duet.models.openai_black_box import OpenAIBlackBox
from tests.servers.chat_server import Body, ChatServer, completion, error, events, raw_reply

PAGE = Path(__file__).parents[2] / "docs" / "endpoints.md"
REQUEST = Request("What is 2 and 2?", max_tokens=64, temperature=0.7, seed=5)
GOOD = (200, completion("4"))
Reply = tuple[int, Any] | bytes


@dataclass(frozen=True)
class Behaviour:
    """What a server does, and the outcome.

    Args:
        name: as the page has it.
        reply: to the n-th request (0 is the first), given its body.
        outcome: the answer's text, a failure's kind, or what the error says.
        sent: requests that reach the server; None is any number.
        options: of the black box.
        headers: of every reply.
        says: what the log says.
    """

    name: str
    reply: Callable[[Body, int], Reply]
    outcome: str
    sent: int | None = 1
    options: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    says: str = ""


def always(*reply: Any) -> Callable[[Body, int], Reply]:
    return lambda body, number: reply[0] if len(reply) == 1 else reply


def first(*replies: Reply) -> Callable[[Body, int], Reply]:
    """These, one after the other, and then the answer."""
    return lambda body, number: replies[number] if number < len(replies) else GOOD


def refuses(name: str, message: str, status: int = 400, **details: Any) -> Callable[[Body, int], Reply]:
    """Refuses a field as long as it is there."""
    content = error(message)
    content["error"] |= details
    return lambda body, number: (status, content) if name in body else GOOD


def detail(name: str) -> Body:
    return {"detail": [{"loc": ["body", name], "msg": "Extra inputs are not permitted", "type": "extra_forbidden"}]}


def only_streams(body: Body, number: int) -> Reply:
    if not body.get("stream"):
        return 400, error("This model only support stream mode, please enable the stream parameter")
    return 200, events({"content": "4"}, usage=(7, 3))


def no_system(body: Body, number: int) -> Reply:
    if body["messages"][0]["role"] == "system":
        return 400, error("Unsupported value: 'messages[0].role' does not support 'system' with this model.")
    return 200, completion(body["messages"][0]["content"][:9])


def at_most(body: Body, number: int) -> Reply:
    return GOOD if body["max_tokens"] <= 32 else (400, error("max_tokens must be less than or equal to 32"))


USED_UP = {"completion_tokens_details": {"reasoning_tokens": 64}, "prompt_tokens": 7, "completion_tokens": 64}
REDIRECT = b"HTTP/1.1 307 Temporary Redirect"

BEHAVIOURS = [
    Behaviour("refuses max_tokens and names max_completion_tokens",
              refuses("max_tokens", "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
              "4", 2, says="refuses max_tokens: max_completion_tokens is sent from now on"),
    Behaviour("refuses a temperature other than 1",
              refuses("temperature", "Unsupported value: 'temperature' does not support 0.7", param="temperature"),
              "4", 2, says="refuses temperature: it is left out from now on"),
    Behaviour("refuses seed", refuses("seed", "property 'seed' is unsupported"), "4", 2, says="refuses seed"),
    Behaviour("refuses seed in FastAPI's words",
              lambda body, number: (422, detail("seed")) if "seed" in body else GOOD, "4", 2, says="refuses seed"),
    Behaviour("refuses both names of max_tokens",
              lambda body, number: next(
                  ((422, detail(name)) for name in ("max_tokens", "max_completion_tokens") if name in body), GOOD),
              "4", 3, says="refuses max_completion_tokens: it is left out"),
    Behaviour("refuses a field of the user's", refuses("top_k", "Unknown parameter: 'top_k'"), "4", 2,
              options={"fields": {"top_k": 3}}, says="refuses top_k"),
    Behaviour("gives fewer tokens than requested", at_most, "4", 2, says="gives at most 32 tokens"),
    Behaviour("knows no system prompt", no_system, "Be short.", 2, options={"system_prompt": "Be short."},
              says="takes no system prompt"),
    Behaviour("answers only as a stream", only_streams, "4", 2, says="answers only as a stream"),
    Behaviour("streams though no stream was requested", always(200, events({"content": "4"}, usage=(7, 3))), "4"),
    Behaviour("breaks a stream off",
              first((200, events({"content": "4"}, finish_reason=None, done=False))), "4", 2),
    Behaviour("reports an error within a stream",
              first((200, b"data: " + json.dumps(error("overloaded")).encode() + b"\n\n")), "4", 2),
    Behaviour("thinks aloud before it answers", always(200, completion("<think>2, 2</think>\n\n4")), "4"),
    Behaviour("sends the end of its thoughts alone", always(200, completion("2, 2\n</think>\n4")), "4"),
    Behaviour("sends its thoughts in a field of their own",
              always(200, completion("4", reasoning_content="2, 2")), "4"),
    Behaviour("sends its thoughts as parts",
              always(200, completion([{"type": "thinking", "thinking": []}, {"type": "text", "text": "4"}])), "4"),
    Behaviour("thinks until its tokens are used up",
              always(200, completion("", finish_reason="length", usage=USED_UP)), "empty"),
    Behaviour("is cut off in its thoughts",
              always(200, completion("<think>2, 2", finish_reason="length")), "empty"),
    Behaviour("cuts an answer", always(200, completion("4 is", finish_reason="length")), "4 is (cut)"),
    Behaviour("sends an empty answer", always(200, completion("")), "(empty)"),
    Behaviour("sends no content", always(200, completion(None)), "empty"),
    Behaviour("refuses in words", always(200, completion(None, refusal="I won't.")), "refused"),
    Behaviour("filters an answer", always(200, completion("", finish_reason="content_filter")), "filtered"),
    Behaviour("filters a prompt as Azure does",
              always(400, error("The response was filtered due to content management policy", "content_filter")),
              "filtered"),
    Behaviour("finds a prompt too long",
              always(400, error("This model's maximum context length is 4096 tokens", "context_length_exceeded")),
              "too_long"),
    Behaviour("finds a prompt too large for its gateway", always(413, b"Request Entity Too Large"), "too_long"),
    Behaviour("calls a tool", always(200, completion(None, tool_calls=[{"id": "1"}])), "tool_calls"),
    Behaviour("rejects a request for no reason that can be named", always(400, error("bad request")), "rejected"),
    Behaviour("limits the rate and says when in seconds", first((429, error("slow down"))), "4", 2,
              headers={"X-RateLimit-Reset": "0.3"}),
    Behaviour("limits the rate and says when as a duration", first((429, error("slow down"))), "4", 2,
              headers={"x-ratelimit-reset-requests": "300ms"}),
    Behaviour("limits the rate and says when in its message",
              first((429, error("Rate limit reached. Please try again in 0.3s."))), "4", 2),
    Behaviour("loads its model first", first(*[(503, error("Loading model"))] * 5), "4", 6),
    Behaviour("fails for a moment", first((500, error("oops")), (502, b"<html>Bad gateway</html>")), "4", 3),
    Behaviour("writes its reason phrase in Latin-1",
              first(raw_reply("HTTP/1.1 503 \u00dcberlastet".encode("latin-1"), error("later"))), "4", 2),
    Behaviour("redirects to another host",
              always(raw_reply(REDIRECT, error("moved"), "Location: http://elsewhere.example/v1/chat/completions")),
              "error: 307 redirects to http://elsewhere.example; nothing was sent there: set base_url"),
    Behaviour("redirects to a name that can't be",
              first(raw_reply(REDIRECT, error("moved"), f"Location: http://{'a' * 300}.example/")), "4", 2),
    Behaviour("has its pages elsewhere", always(404, b"Not Found"),
              "error: 404 Not Found; the base_url of most servers ends with /v1: try ",
              options={"base_url": "without /v1"}),
    Behaviour("shows a page for people", always(200, b"<!doctype html><title>Hello</title>"),
              "error: ; the base_url of most servers ends with /v1: try ", None,
              options={"base_url": "without /v1", "patience": 0.3}),
    Behaviour("does not know the model", always(404, error("model 'm' not found, try pulling it first")),
              "error: refuses: 404 model 'm' not found"),
    Behaviour("has a quota that is spent", always(429, error("You exceeded your quota", "insufficient_quota")),
              "error: refuses: 429 You exceeded your quota"),
    Behaviour("sends an error as a success", first((200, error("upstream failed"))), "4", 2),
    Behaviour("sends JSON that is cut", first((200, json.dumps(completion("4")).encode()[:-5])), "4", 2),
]  # fmt: skip


def shown(outcome: Outcome) -> str:
    if isinstance(outcome, CallFailure):
        assert outcome.is_final
        return outcome.kind
    return f"{outcome.text}{' (cut)' if outcome.cut else ''}{'(empty)' if outcome.is_empty else ''}"


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.name)
def test_an_endpoint_behaves_as_endpoints_do(
    behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    caplog.set_level(logging.WARNING, "duet")
    with ChatServer() as server:
        server.reply = lambda body: behaviour.reply(body, len(server.seen) - 1)
        server.extra_headers = behaviour.headers
        options: dict[str, Any] = {"base_url": server.url, "pause": 0.01, "patience": 5.0} | behaviour.options
        if options["base_url"] == "without /v1":
            options["base_url"] = server.url.removesuffix("/v1")
        box = OpenAIBlackBox("m", **options)
        if behaviour.outcome.startswith("error: "):
            with pytest.raises(ProviderError) as caught:
                box.complete([REQUEST])
            assert behaviour.outcome.removeprefix("error: ") in str(caught.value)
            assert "\n" not in str(caught.value)
        else:
            assert [shown(outcome) for outcome in box.complete([REQUEST])] == [behaviour.outcome]
        assert behaviour.sent in (None, len(server.seen))
    assert behaviour.says in caplog.text
    assert bool(caplog.messages) == bool(behaviour.says)


def test_there_are_forty_and_the_page_lists_them_all() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len(BEHAVIOURS) >= 40
    assert [behaviour.name for behaviour in BEHAVIOURS if f"| {behaviour.name} |" not in page] == []


class Limited:
    """Answers so many requests in each of its periods and refuses the others, as gateways do.

    Args:
        count: answers per period.
        seconds: of a period.
    """

    def __init__(self, server: ChatServer, count: int, seconds: float) -> None:
        self._server, self._count, self._seconds = server, count, seconds
        self._ends, self._left = 0.0, 0

    def __call__(self, body: Body) -> Reply:
        now = time.monotonic()
        if now >= self._ends:
            self._ends, self._left = now + self._seconds, self._count
        is_allowed, self._left = self._left > 0, max(0, self._left - 1)
        remaining = {"X-RateLimit-Remaining": str(self._left), "X-RateLimit-Reset": f"{self._ends - now:.3f}"}
        self._server.extra_headers = remaining
        return GOOD if is_allowed else (429, error("slow down"))


def test_a_limit_with_its_reset_costs_few_requests_that_are_refused() -> None:
    with ChatServer() as server:
        server.reply = Limited(server, 7, 0.2)
        outcomes = OpenAIBlackBox("m", server.url, pause=0.01).complete([Request(f"q{n}") for n in range(63)])
        assert {outcome.text for outcome in outcomes if isinstance(outcome, Completion)} == {"4"}
        assert len(outcomes) == 63
        assert len(server.seen) <= 110  # 167 where only the request that was refused waits


def test_a_server_on_this_machine_that_starts_late_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "duet")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    started: list[ChatServer] = []
    timer = threading.Timer(0.5, lambda: started.append(ChatServer(port=port).__enter__()))
    timer.start()
    try:
        [outcome] = OpenAIBlackBox("m", f"http://127.0.0.1:{port}/v1", pause=0.05).complete([Request("a")])
    finally:
        timer.join()
        started[0].__exit__()
    assert isinstance(outcome, Completion)
    assert [message[:21] for message in caplog.messages] == ["No server answers at "]
