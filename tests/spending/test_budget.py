"""Bounds of requests."""

from __future__ import annotations

from duet.models.base import Message, Request
from duet.spending.budget import most


def test_every_message_of_a_conversation_has_room_in_the_bound() -> None:
    chat = tuple(Message("user", "é" * 10) for _ in range(9))
    assert most([Request("short", 7, messages=chat)]).prompt_tokens >= 9 * 20 + 64 + 8 * 16
    assert most([Request("short", 7)]).prompt_tokens == len("short") + 64
