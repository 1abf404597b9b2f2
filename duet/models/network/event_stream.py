"""Reads a reply that came as server-sent events as if it had come whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_TEXTS = ("content", "reasoning_content", "reasoning", "refusal")


def is_event_stream(text: str) -> bool:
    r"""Returns whether a body is a stream of events; its content decides, as the declared type is often wrong.

    >>> is_event_stream(": ping\n\ndata: {}"), is_event_stream('{"data": 1}')
    (True, False)
    """
    return text.lstrip("\ufeff\r\n ").startswith(("data:", "event:", ":", "id:", "retry:"))


def joined_events(text: str) -> dict[str, Any] | None:
    """The chat completion that the events add up to; None if the stream broke off before its end.

    An event with an error is returned as it is.
    """
    message: dict[str, Any] = {}
    finish: str | None = None
    usage: Any = None
    ended = False
    for data in _events(text):
        if data == "[DONE]":
            ended = True
            continue
        event = _object(data)
        if event is None:
            return None
        if event.get("error"):
            return event
        usage = event.get("usage") or usage
        choice = _first(event.get("choices"))
        _add(message, choice)
        finish = choice.get("finish_reason") or finish
    if not (ended or finish):
        return None
    choices = [{"index": 0, "message": message, "finish_reason": finish}] if message or finish else []
    return {"choices": choices, "usage": usage}


def _events(text: str) -> Iterator[str]:
    """The data of each event; the lines of one event are joined, as the standard says."""
    lines: list[str] = []
    for line in [*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""]:
        if line.startswith("data:"):
            lines.append(line.removeprefix("data:").removeprefix(" "))
        elif not line and lines:
            yield "\n".join(lines).strip()
            lines = []


def _object(data: str) -> dict[str, Any] | None:
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _first(choices: Any) -> Mapping[str, Any]:
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _add(message: dict[str, Any], choice: Mapping[str, Any]) -> None:
    """Appends the texts of a delta; some servers send the whole message in the last event."""
    delta = choice.get("delta") or choice.get("message")
    if not isinstance(delta, dict):
        return
    for name in _TEXTS:
        piece = delta.get(name)
        if isinstance(piece, list):  # parts, as some servers send reasoning
            piece = "".join(part.get("text") or "" for part in piece if isinstance(part, dict))
        if isinstance(piece, str):
            message[name] = message.get(name, "") + piece
    for name in ("tool_calls", "function_call"):
        if delta.get(name):
            message[name] = delta[name]
