from __future__ import annotations

import json
from typing import Any

import pytest

from duet.models.base import CallFailure, Completion, Request
from duet.models.network.event_stream import is_event_stream, joined_events
from duet.models.network.replies import HttpReply, RetryableReply, read_reply
from tests.servers.chat_server import completion, error, events


def read(body: bytes) -> Any:
    return read_reply(Request("four", max_tokens=9), HttpReply(200, {}, body))


def test_the_pieces_of_an_answer_are_joined() -> None:
    body = events({"role": "assistant", "content": ""}, {"content": "a"}, {"content": "b \u00e4"}, usage=(7, 3))
    assert read(body) == Completion("ab \u00e4", 7, 3)
    assert read(body.replace(b"\n", b"\r\n")) == Completion("ab \u00e4", 7, 3)
    assert read(b": keep-alive\n\nevent: message\n" + body) == Completion("ab \u00e4", 7, 3)


def test_without_counted_tokens_they_are_bounded() -> None:
    assert read(events({"content": "ab"})) == Completion("ab", 4, 2, estimated=True)


def test_reasoning_is_streamed_beside_the_answer() -> None:
    assert read(events({"reasoning_content": "hm"}, {"content": "4"}, usage=(7, 3))) == Completion("4", 7, 3)
    cut = read(events({"reasoning_content": "hm"}, finish_reason="length", usage=(7, 9)))
    assert isinstance(cut, CallFailure)
    assert cut.kind == "empty"


def test_a_stream_that_breaks_off_is_no_answer() -> None:
    assert isinstance(read(events({"content": "ab"}, finish_reason=None, done=False)), RetryableReply)
    assert isinstance(read(events({"content": "ab"})[:-60]), RetryableReply)
    assert read(events({"content": "ab"}, done=False)) == Completion("ab", 4, 2, estimated=True)


def test_an_error_in_a_stream_is_an_error() -> None:
    body = b"data: " + json.dumps(error("upstream failed")).encode() + b"\n\n"
    assert read(events({"content": "a"}, finish_reason=None, done=False) + body) == RetryableReply(
        "500 upstream failed"
    )


def test_a_refusal_and_a_tool_call_can_be_streamed() -> None:
    assert read(events({"refusal": "I "}, {"refusal": "won't."})).kind == "refused"
    assert read(events({"tool_calls": [{"id": "1"}]}, finish_reason="tool_calls")).kind == "tool_calls"


def test_a_whole_message_in_one_event_is_read() -> None:
    assert read(b"data: " + json.dumps(completion("A")).encode() + b"\n\ndata: [DONE]\n\n") == Completion("A", 7, 3)


@pytest.mark.parametrize("text", ["", "{}", "<html>", "database: down"])
def test_what_is_no_stream_is_not_taken_for_one(text: str) -> None:
    assert not is_event_stream(text)


@pytest.mark.parametrize("text", ["data: [1]\n\n", "data: x\n\n", "data: [DONE", ":\n\n"])
def test_events_without_an_object_are_no_answer(text: str) -> None:
    assert joined_events(text) is None
