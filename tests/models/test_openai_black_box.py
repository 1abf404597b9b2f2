from __future__ import annotations

import gc
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from duet.models.base import NOT_SENT, CallFailure, Completion, Message, Outcome, Request
from duet.models.errors import ProviderError
from duet.models.network.connection import close_what_is_left
from duet.models.openai_black_box import OpenAIBlackBox
from tests.servers.chat_server import Body, ChatServer, Faults, completion, error

ROOT = Path(__file__).parents[2]
KEY = "sk-canary-5EcrEt"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as server:
        yield server


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def box(server: ChatServer, **options: Any) -> OpenAIBlackBox:
    """Impatient, as the server is near."""
    return OpenAIBlackBox("m", server.url, **{"pause": 0.01, "patience": 5.0} | options)


def prompt(body: Body) -> str:
    text: str = body["messages"][-1]["content"]
    return text


def requests(count: int) -> list[Request]:
    return [Request(f"q{number}") for number in range(count)]


def texts(outcomes: list[Outcome]) -> list[str]:
    return [outcome.text if isinstance(outcome, Completion) else outcome.reason for outcome in outcomes]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_answers_come_in_order_with_their_usage(server: ChatServer) -> None:
    assert box(server).complete([Request("a"), Request("b")]) == [Completion("A", 7, 3), Completion("B", 7, 3)]
    assert {headers["authorization"] for headers in server.headers} == {f"Bearer {KEY}"}


def test_the_server_is_told_nothing_of_this_machine(server: ChatServer) -> None:
    box(server).complete([Request("a")])
    [headers] = server.headers
    assert not [name for name in headers if name.startswith("x-stainless")]
    assert headers["user-agent"].startswith("AsyncOpenAI/Python ")
    assert headers["content-type"] == "application/json"
    assert headers["accept"] == "application/json"


def test_each_outcome_is_handed_over_as_it_arrives(server: ChatServer) -> None:
    arrived = list(box(server, max_concurrency=2).stream(requests(10)))
    assert sorted(index for some in arrived for index in some) == list(range(10))
    assert all(1 <= len(some) <= 2 for some in arrived)


def test_one_box_serves_call_after_call_on_the_same_connections(server: ChatServer) -> None:
    one = box(server, max_concurrency=4)
    for _ in range(3):
        assert texts(one.complete(requests(12))) == [f"Q{number}" for number in range(12)]
    assert server.connections == 4
    assert one.complete([]) == []


def test_a_request_says_all_that_it_was_given(server: ChatServer) -> None:
    one = box(server, system_prompt="Be short.")
    one.complete([Request("a", max_tokens=5)])
    one.complete([Request("a", max_tokens=5, temperature=0.5, seed=9)])
    messages = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "a"}]
    greedy = {"model": "m", "messages": messages, "max_tokens": 5, "temperature": 0.0}
    assert server.seen == [greedy, greedy | {"temperature": 0.5, "seed": 9}]


def test_messages_and_stop_sequences_are_sent_as_they_are(server: ChatServer) -> None:
    chat = (Message("system", "Sort."), Message("user", "b a"), Message("assistant", "a b"), Message("user", "d c"))
    box(server).complete([Request("all of it", messages=chat, stop=("\n", "###"))])
    [sent] = server.seen
    assert [(message["role"], message["content"]) for message in sent["messages"]] == [
        ("system", "Sort."), ("user", "b a"), ("assistant", "a b"), ("user", "d c"),
    ]  # fmt: skip
    assert sent["stop"] == ["\n", "###"]


def test_openai_itself_is_sent_the_newer_name_of_max_tokens() -> None:
    fields = OpenAIBlackBox("m")._fields
    assert fields.body(Request("a", max_tokens=5))["max_completion_tokens"] == 5
    assert "top_p" not in fields.body(Request("a"))
    assert fields.body(Request("a", temperature=0.9, top_p=0.9))["top_p"] == 0.9


def test_any_text_can_be_asked(server: ChatServer) -> None:
    text = "line\nbreak \u2028 \U0001f600 \x00 \x1b[31m {x} %s \ud800"
    server.answer = lambda seen: str(seen == text)
    assert texts(box(server).complete([Request(text)])) == ["True"]


def test_all_slots_are_busy_and_no_more(server: ChatServer) -> None:
    server.latency = 0.02
    assert texts(box(server, max_concurrency=8).complete(requests(40))) == [f"Q{number}" for number in range(40)]
    assert server.most_busy == 8


class SilentOnce(Faults):
    """The first attempt at one request gets no answer."""

    def draw(self, prompt: str, attempt: int) -> str | None:
        return "time-out" if '"q0"' in prompt and attempt == 0 else None


def test_a_slow_request_holds_up_nobody(server: ChatServer) -> None:
    server.faults = SilentOnce()
    order = [index for some in box(server, max_concurrency=2, timeout=1.0).stream(requests(30)) for index in some]
    assert order == [*range(1, 30), 0]


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_an_unusable_provider_stops_at_once_in_its_own_words(server: ChatServer, status: int) -> None:
    server.reply = lambda _: (status, error("it is\nno use"))
    with pytest.raises(ProviderError, match=rf"^http://.* refuses: {status} it is no use$"):
        box(server, max_concurrency=2).complete(requests(50))
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    "reply",
    [
        (429, error("You exceeded your current quota", "insufficient_quota")),
        (400, error("Model Not Exist", "invalid_request_error")),
        (200, error("no money left", "insufficient_quota")),
    ],
)
def test_a_spent_quota_and_an_unknown_model_are_not_retried(server: ChatServer, reply: tuple[int, Any]) -> None:
    server.reply = lambda _: reply
    with pytest.raises(ProviderError, match="refuses: "):
        box(server).complete([Request("a")])
    assert len(server.seen) == 1


def test_what_arrived_before_the_end_is_handed_over(server: ChatServer) -> None:
    server.reply = lambda body: (401, error("gone")) if prompt(body) == "q6" else (200, completion("A"))
    arrived: dict[int, Outcome] = {}
    stream = box(server, max_concurrency=3).stream(requests(20))
    with pytest.raises(ProviderError, match="gone"):
        arrived.update(pair for some in stream for pair in some.items())
    assert len(arrived) == len(server.paid) >= 6


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503])
def test_a_transient_failure_is_retried(server: ChatServer, status: int) -> None:
    server.reply = lambda _: (status, error("later")) if len(server.seen) == 1 else (200, completion("A"))
    assert texts(box(server).complete([Request("a")])) == ["A"]
    assert len(server.seen) == 2


def test_the_server_says_when_to_come_back(server: ChatServer) -> None:
    server.extra_headers = {"retry_after_ms": "300"}
    server.reply = lambda _: (429, error("later")) if len(server.seen) == 1 else (200, completion("A"))
    began = time.monotonic()
    assert texts(box(server).complete([Request("a")])) == ["A"]
    assert time.monotonic() - began >= 0.3


def test_a_wait_that_is_longer_than_the_patience_is_not_begun(server: ChatServer) -> None:
    server.extra_headers = {"retry_after": "3600"}
    server.reply = lambda _: (429, error("come back in an hour"))
    with pytest.raises(ProviderError, match=r"^No answer arrived for .* s: 429 come back in an hour$"):
        box(server, patience=60).complete([Request("a")])


def test_what_still_fails_is_a_failure_of_its_own_request(server: ChatServer) -> None:
    server.reply = lambda body: (500, error("broken")) if prompt(body) == "q1" else (200, completion("A"))
    outcomes = box(server, patience=0.3, max_concurrency=2).complete(requests(9))
    assert texts(outcomes[:1] + outcomes[2:]) == ["A"] * 8
    assert isinstance(outcomes[1], CallFailure)
    assert outcomes[1].kind == "failed"
    assert "500 broken" in outcomes[1].reason


@pytest.mark.parametrize("fault", ["500", "reset before the body", "malformed JSON", "empty choices", "time-out"])
def test_where_nothing_is_answered_the_provider_is_unusable(server: ChatServer, fault: str) -> None:
    server.faults = Faults(1.0, (fault,))
    with pytest.raises(ProviderError, match=r"^No answer arrived for .* s: "):
        box(server, patience=0.6, timeout=0.2, max_concurrency=2).complete(requests(200))
    assert {prompt(body) for body in server.seen} == {"q0", "q1"}


def test_an_attempt_ends_however_slowly_its_reply_drips(server: ChatServer) -> None:
    server.faults = Faults(1.0, ("slow drip",))
    with pytest.raises(ProviderError, match="no answer within"):
        box(server, timeout=0.2, patience=0.3).complete([Request("a")])


def test_an_unreachable_endpoint_is_a_provider_error_in_one_line() -> None:
    port = free_port()
    with pytest.raises(ProviderError, match=rf"^No answer arrived for .* no reply from http://127.*:{port}/v1: .+$"):
        OpenAIBlackBox("m", f"http://127.0.0.1:{port}/v1", pause=0.01, patience=0.1).complete(requests(3))


def test_only_a_connection_that_was_never_made_ends_the_patience_early(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("duet.models.openai_black_box._LOADING_SECONDS", 0.1)
    with pytest.raises(ProviderError, match="no reply from"):
        OpenAIBlackBox("m", f"http://127.0.0.1:{free_port()}/v1", pause=0.01, patience=3600).complete([Request("a")])
    server.reply = lambda _: (503, error("loading")) if len(server.seen) < 5 else (200, completion("A"))
    assert texts(box(server, pause=0.05).complete([Request("a")])) == ["A"]


def test_nothing_is_sent_once_it_may_not_be(server: ChatServer) -> None:
    allowed = iter([True] * 5 + [False] * 100)
    outcomes: dict[int, Outcome] = {}
    for some in box(server, max_concurrency=2).stream(requests(20), lambda: next(allowed)):
        outcomes |= some
    assert [index for index in range(20) if outcomes[index] != NOT_SENT] == [0, 1, 2, 3, 4]
    assert len(server.seen) == 5


def test_nothing_is_retried_once_it_may_not_be(server: ChatServer) -> None:
    server.reply = lambda _: (500, error("broken"))
    [arrived] = box(server).stream([Request("a")], lambda: not server.seen)
    assert isinstance(arrived[0], CallFailure)
    assert "500 broken" in arrived[0].reason
    assert len(server.seen) == 1


def test_requests_keep_to_the_limit_per_minute(server: ChatServer) -> None:
    began = time.monotonic()
    box(server, requests_per_minute=600).complete(requests(6))
    assert time.monotonic() - began >= 0.5


def test_a_huge_reply_is_not_read_to_its_end(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duet.models.network.connection.MOST_BYTES", 100_000)
    server.answer = lambda text: text * (200_000 if text == "a" else 1)
    huge, small = box(server, max_concurrency=1).complete([Request("a"), Request("b")])
    assert isinstance(huge, CallFailure)
    assert (huge.kind, texts([small])) == ("rejected", ["b"])


def test_half_of_a_large_answer_is_flagged(server: ChatServer) -> None:
    server.answer = lambda text: text * (2**20 + 1)
    [outcome] = box(server).complete([Request("a")])
    assert isinstance(outcome, Completion)
    assert (len(outcome.text), outcome.cut) == (2**20, True)


def test_no_key_is_in_a_message_a_log_or_a_repr(server: ChatServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.reply = lambda _: (401, error(f"Incorrect API key provided: {KEY}. " + "x" * 260 + KEY))
    one = box(server)
    with pytest.raises(ProviderError, match=r"Incorrect API key provided: \*\*\*") as caught:
        one.complete([Request("a")])
    server.reply = lambda _: (200, KEY.encode())
    with pytest.raises(ProviderError, match=r"no JSON object: [*]{3}"):
        box(server, patience=0.5).complete([Request("a")])
    written = f"{caught.value!r} {one!r} {vars(one)!r} {one.identity} {caplog.text}"
    assert KEY[:12] not in written


def test_openai_needs_a_key_and_says_so_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ProviderError, match=r"^No key: set the environment variable OPENAI_API_KEY$"):
        OpenAIBlackBox("m").complete([Request("a")])


@pytest.mark.parametrize("key", ["sk-\u201cquoted\u201d", "sk-two\nlines"])
def test_a_garbled_key_is_not_repeated(server: ChatServer, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(ProviderError, match=r"^OPENAI_API_KEY contains characters that no API key can have$"):
        box(server).complete([Request("a")])


def test_another_endpoint_needs_no_key(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    assert texts(OpenAIBlackBox("m").complete([Request("a")])) == ["A"]


def test_a_second_provider_has_a_key_of_its_own(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND_KEY", f" {KEY}2 ")
    one = box(server, key_variable="SECOND_KEY")
    one.complete([Request("a")])
    assert [headers["authorization"] for headers in server.headers] == [f"Bearer {KEY}2"]
    assert one.endpoint.key_variable == "SECOND_KEY"
    assert one.identity == box(server).identity  # so that a change of keys pays nothing twice


def test_a_variable_that_is_named_must_hold_a_key(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECOND_KEY", raising=False)
    with pytest.raises(ProviderError, match=r"^No key: set the environment variable SECOND_KEY$"):
        box(server, key_variable="SECOND_KEY").complete([Request("a")])
    assert not server.headers


@pytest.mark.parametrize("name", [KEY, "AIzaSyD", "A" * 65, "A KEY", "1KEY"])
def test_a_key_in_place_of_its_variable_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(ValueError, match=r"^Expected key_variable to name an environment variable") as caught:
        OpenAIBlackBox("m", key_variable=name)
    assert name not in str(caught.value)


def test_the_identity_names_endpoint_and_model_and_no_key(server: ChatServer) -> None:
    one = OpenAIBlackBox("m", f"{server.url}/")
    assert one.identity == f"openai:{server.url}:m"
    assert OpenAIBlackBox("m", server.url, system_prompt="s").identity != one.identity


def test_boxes_that_are_left_alone_close_their_connections(server: ChatServer) -> None:
    for number in range(3):
        one: Any = box(server, max_concurrency=2)
        one.itself = one  # a circle, so that only the garbage collector finds it
        one.complete([Request(f"{number}")])
    del one
    gc.collect()
    close_what_is_left()
    server.wait_until(lambda: server.open == 0)


@pytest.mark.parametrize("before", ["", "import weakref\nweakref.finalize(str, print)\n"])
def test_a_program_that_ends_leaves_no_connection_open(server: ChatServer, before: str) -> None:
    # Finalizers run at exit in the order that the program's first one decides, before or after ours.
    script = (
        f"{before}from duet.models.base import Request\nfrom duet.models.openai_black_box import OpenAIBlackBox\n"
        f"box = OpenAIBlackBox('m', {server.url!r})\nprint(box.complete([Request('a')])[0].text)\n"
        "stream = box.stream([Request('b'), Request('c')])\nnext(stream)\n"
    )
    command = [sys.executable, "-W", "error", "-X", "dev", "-c", script]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert (ended.returncode, ended.stdout.splitlines()[:1], ended.stderr) == (0, ["A"], "")


def test_a_stream_that_is_left_gives_up_what_is_under_way(server: ChatServer) -> None:
    server.latency = 0.05
    one = box(server, max_concurrency=2)
    stream: Any = one.stream(requests(9))
    next(stream)
    stream.close()
    assert texts(one.complete([Request("a")])) == ["A"]
    assert len(server.seen) <= 4


@pytest.mark.parametrize(
    "arguments",
    [
        {"base_url": "localhost:80"}, {"max_concurrency": 0}, {"timeout": 0.0}, {"patience": -1.0}, {"pause": 0.0},
        {"requests_per_minute": 0.0}, {"tokens_per_minute": -1.0},
    ],
)  # fmt: skip
def test_a_wrong_argument_is_named(arguments: dict[str, Any]) -> None:
    [name] = arguments
    with pytest.raises(ValueError, match=f"Expected {name} to be .* but got"):
        OpenAIBlackBox("m", **arguments)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="Expected base_url without a user name or password") as caught:
        OpenAIBlackBox("m", "https://me:hunter2@example.com/v1")
    assert "hunter2" not in str(caught.value)
