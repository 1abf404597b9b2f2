from __future__ import annotations

import json
from typing import Any

import pytest

from duet.models.base import CallFailure, Completion, Request
from duet.models.network.replies import MOST_CHARACTERS, FatalReply, HttpReply, RetryableReply, one_line, read_reply
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
        (completion("A", usage=None) | {"choices": []}, RetryableReply("no choices")),
        (completion("A", usage=None) | {"choices": [None]}, RetryableReply("no choices")),
        (completion("A", usage=None) | {"choices": {"0": 1}}, RetryableReply("no choices")),
        (completion("A", usage=None) | {"choices": [{"message": None}]}, RetryableReply("no choices")),
        (error("upstream"), RetryableReply("500 upstream")),
        (error("slow down", 429), RetryableReply("429 slow down", too_fast=True)),
        (error("bad request", 400), CallFailure("400 bad request", kind="rejected")),
        (error("no money", "insufficient_quota"), FatalReply("500 no money")),
        (b"<html>\x1b[31mBad gateway</html>", RetryableReply("no JSON object: <html> [31mBad gateway</html>")),
        (b"", RetryableReply("no JSON object: nothing")),
        (b"[1]", RetryableReply("no JSON object: [1]")),
        (b"[" * 100_000, RetryableReply(f"no JSON object: {'[' * 300}...")),
        (json.dumps(completion("A")).encode()[:-3], RetryableReply),
    ],
)  # fmt: skip
def test_whatever_comes_as_a_success_is_one_of_four_things(content: Any, reading: Any) -> None:
    found = read(content)
    assert isinstance(found, RetryableReply) if reading is RetryableReply else found == reading


@pytest.mark.parametrize(
    ("content", "reading"),
    [
        (completion("<think>2 and 2</think>\n\n4"), Completion("4", 7, 3)),
        (completion("2 and 2</think>4"), Completion("4", 7, 3)),
        (completion("4", reasoning_content="2 and 2"), Completion("4", 7, 3)),
        (completion([{"type": "thinking", "thinking": []}, {"type": "text", "text": "4"}]), Completion("4", 7, 3)),
        (completion("<think>2 and 2 is", finish_reason="length"), "empty"),
        (completion(None, finish_reason="length", reasoning_content="2 and"), "empty"),
        (completion("", finish_reason="length", usage={
            "prompt_tokens": 7, "completion_tokens": 64, "completion_tokens_details": {"reasoning_tokens": 64},
        }), "empty"),
    ],
)  # fmt: skip
def test_reasoning_is_no_answer(content: Any, reading: Any) -> None:
    found = read(content)
    if reading == "empty":
        assert isinstance(found, CallFailure)
        assert (found.kind, found.is_final) == ("empty", True)
        assert "went into reasoning" in found.reason
        assert "init_args.reasoning_tokens" in found.reason
    else:
        assert found == reading


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("http://other.example/v1/chat/completions", FatalReply), ("/v2/chat/completions", FatalReply),
        ("", FatalReply),
        (f"http://{'a' * 64}.example/", RetryableReply), ("http://[::bad/", RetryableReply),
    ],
)  # fmt: skip
def test_a_redirect_is_refused_and_one_to_nowhere_may_pass(location: str, kind: type) -> None:
    found = read(b"", 307, location=location)
    assert isinstance(found, kind)
    assert found.reason.startswith("307 redirects to ")  # type: ignore[attr-defined]


def test_a_redirect_shows_no_password() -> None:
    assert "secret" not in read(b"", 302, location="http://user:secret@other.example/").reason


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
    assert read(error("later"), status) == RetryableReply(f"{status} later", too_fast=status == 429)
    assert read(b"<html>", status, **{"retry-after": "7"}) == RetryableReply(f"{status} <html>", 7.0, status == 429)


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
    assert isinstance(read(content, status), FatalReply)


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (400, error("maximum context length is 4097 tokens"), "too_long"),
        (400, error("The response was filtered", "content_filter"), "filtered"),
        (403, error("Your input was flagged"), "filtered"),
        (413, b"too large", "too_long"),
        (422, {"detail": [{"msg": "field required"}]}, "rejected"),
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
    assert read(content, 500) == RetryableReply(message)


def test_a_secret_in_a_message_is_masked() -> None:
    assert one_line("sk-secret and other\n", "sk-secret", "other") == "*** and ***"
    assert one_line("a", "") == "a"
