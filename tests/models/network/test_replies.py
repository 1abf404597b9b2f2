from __future__ import annotations

import json
from typing import Any

import pytest

from duet.models.base import CallFailure, Completion, Request
from duet.models.network.replies import MOST_CHARACTERS, HttpReply, Passing, Unusable, one_line, read_reply, retry_after
from tests.servers.chat_server import completion, error

REQUEST = Request("four", max_tokens=9)


def read(content: Any, status: int = 200, **headers: str) -> Any:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_reply(REQUEST, HttpReply(status, headers, body))


@pytest.mark.parametrize(
    ("content", "reading"),
    [
        (completion("A"), Completion("A", 7, 3)),
        (completion(""), Completion("", 7, 3)),
        (completion("A", finish_reason="length"), Completion("A", 7, 3, cut=True)),
        (completion([{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]), Completion("AB", 7, 3)),
        (completion("A", tool_calls=[{"id": "1"}]), Completion("A", 7, 3)),
        (completion(None), CallFailure("no content (finish_reason stop)", 7, 3, "empty")),
        (completion(7), CallFailure("no content (finish_reason stop)", 7, 3, "empty")),
        (completion(None, refusal="I\nwon't."), CallFailure("refused: I won't.", 7, 3, "refused")),
        (completion("", refusal="No."), CallFailure("refused: No.", 7, 3, "refused")),
        (completion(None, tool_calls=[{"id": "1"}]), CallFailure("tool calls instead of text", 7, 3, "tool_calls")),
        (completion("", function_call={"name": "f"}), CallFailure("tool calls instead of text", 7, 3, "tool_calls")),
        (completion("A", finish_reason="content_filter"), CallFailure("blocked by a content filter", 7, 3, "filtered")),
        (completion("A") | {"choices": []}, CallFailure("the reply has no choices", 7, 3, "empty")),
        (completion("A", usage=None) | {"choices": []}, Passing("no choices")),
        (completion("A", usage=None) | {"choices": [None]}, Passing("no choices")),
        (completion("A", usage=None) | {"choices": {"0": 1}}, Passing("no choices")),
        (completion("A", usage=None) | {"choices": [{"message": None}]}, Passing("no choices")),
        (error("upstream"), Passing("500 upstream")),
        (error("slow down", 429), Passing("429 slow down")),
        (error("bad request", 400), CallFailure("400 bad request", kind="rejected")),
        (error("no money", "insufficient_quota"), Unusable("500 no money")),
        (b"<html>\x1b[31mBad gateway</html>", Passing("no JSON object: <html> [31mBad gateway</html>")),
        (b"", Passing("no JSON object: nothing")),
        (b"[1]", Passing("no JSON object: [1]")),
        (b"[" * 100_000, Passing(f"no JSON object: {'[' * 300}...")),
        (json.dumps(completion("A")).encode()[:-3], Passing),
    ],
)  # fmt: skip
def test_whatever_comes_as_a_success_is_one_of_four_things(content: Any, reading: Any) -> None:
    found = read(content)
    assert isinstance(found, Passing) if reading is Passing else found == reading


def test_the_first_of_several_choices_is_the_answer() -> None:
    content = completion("A")
    content["choices"] += completion("B")["choices"]
    assert read(content) == Completion("A", 7, 3)


@pytest.mark.parametrize(
    "usage",
    [
        None, {}, "many", {"prompt_tokens": 7}, {"prompt_tokens": True, "completion_tokens": 1},
        {"prompt_tokens": -1, "completion_tokens": 3}, {"prompt_tokens": 7.5, "completion_tokens": 3},
        {"prompt_tokens": 0, "completion_tokens": 0},
    ],
)  # fmt: skip
def test_tokens_that_are_not_counted_are_bounded_and_flagged(usage: Any) -> None:
    assert read(completion("\u00e4b", usage=usage)) == Completion("\u00e4b", 4, 3, estimated=True)


def test_text_that_is_no_text_is_repaired() -> None:
    assert read(completion("a\ud800b\udfffc")) == Completion("a\ufffdb\ufffdc", 7, 3)
    whole = json.dumps(completion("a-b")).encode()
    assert read(whole.replace(b"a-b", b"a\xff\xfeb")) == Completion("a\ufffd\ufffdb", 7, 3)
    assert read(completion("\U0001f600 \x00")) == Completion("\U0001f600 \x00", 7, 3)


def test_a_huge_answer_is_cut_and_flagged() -> None:
    found = read(completion("x" * (MOST_CHARACTERS + 1)))
    assert (len(found.text), found.cut) == (MOST_CHARACTERS, True)
    assert read(completion("x" * MOST_CHARACTERS)).cut is False


def test_a_body_that_was_not_read_to_its_end_is_no_answer() -> None:
    reply = HttpReply(200, {}, b"{" * 2000, is_whole=False)
    assert read_reply(REQUEST, reply) == CallFailure("the reply is longer than 2,000 bytes", kind="rejected")


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_trouble_that_may_pass(status: int) -> None:
    assert read(error("later"), status) == Passing(f"{status} later")
    assert read(b"<html>", status, **{"retry-after": "7"}) == Passing(f"{status} <html>", 7.0)


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (401, error("no such key")), (402, error("Insufficient Balance")), (403, error("not for you")),
        (404, error("The model `m` does not exist", "model_not_found")), (404, b"page not found"),
        (404, error('model "m" not found, try pulling it first')), (400, error("Model Not Exist")),
        (429, error("You exceeded your current quota", "insufficient_quota")),
    ],
)  # fmt: skip
def test_trouble_that_will_not_pass(status: int, content: Any) -> None:
    assert isinstance(read(content, status), Unusable)


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (400, error("maximum context length is 4097 tokens"), "rejected"),
        (400, error("The response was filtered", "content_filter"), "filtered"),
        (403, error("Your input was flagged"), "filtered"),
        (413, b"too large", "rejected"),
        (422, {"detail": [{"msg": "field required"}]}, "rejected"),
        (301, b"moved", "rejected"),
    ],
)
def test_trouble_of_one_request(status: int, content: Any, kind: str) -> None:
    found = read(content, status)
    assert isinstance(found, CallFailure)
    assert (found.kind, found.reason[:3]) == (kind, str(status))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (error("in\nits own\twords"), "500 in its own words"),
        ({"error": "a text"}, "500 a text"),
        ({"message": "beside"}, "500 beside"),
        ({"detail": "of FastAPI"}, "500 of FastAPI"),
        (b"plain", "500 plain"),
        (b"", "500"),
    ],
)
def test_the_providers_message_is_found(content: Any, message: str) -> None:
    assert read(content, 500) == Passing(message)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None), ({"retry-after": "3"}, 3.0), ({"retry-after": "0.5"}, 0.5), ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "20", "retry-after": "3"}, 0.02), ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None), ({"retry-after": "soon"}, None), ({"retry-after": ""}, None),
        ({"retry-after": "Thu, 01 Jan 1970 00:03:00 GMT"}, 80.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}, 0.0),
    ],
)  # fmt: skip
def test_the_server_says_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, now=100) == seconds


def test_a_secret_is_taken_out_before_anything_is_cut() -> None:
    reply = HttpReply(500, {}, json.dumps(error("x" * 295 + "sk-secret")).encode())
    found = read_reply(REQUEST, reply.without("sk-secret"))
    assert isinstance(found, Passing)
    assert "sk-" not in found.reason
    assert reply.without("") == reply
    assert one_line("sk-secret\n", "sk-secret") == "***"
