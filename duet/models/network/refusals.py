"""Explains refusals: a field that the server does not take, and an address that is nearly right."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from duet.models.base import CallFailure
from duet.models.network.replies import HttpReply, Reading

_FIELD_STATUSES = (400, 422)
_MISSING = (404, 405)


@dataclass(frozen=True)
class Refused:
    """A request that the server did not accept, maybe because of one of its fields.

    Args:
        reason: one line for the reader.
        error: the server's error object, which can name the field.
    """

    reason: str
    error: Any = None


def refusal(reading: Reading, reply: HttpReply) -> Reading | Refused:
    """The same reading, or a refusal where the request may be accepted with other fields."""
    if not (isinstance(reading, CallFailure) and reading.kind == "rejected" and reply.status in _FIELD_STATUSES):
        return reading
    try:
        content = json.loads(reply.body)
    except (ValueError, RecursionError):
        content = None
    return Refused(reading.reason, content.get("error") if isinstance(content, dict) else None)


def hint(base_url: str, reply: HttpReply) -> str:
    """Returns what may be wrong with an address at which there is no such page, or a page for people; else nothing.

    >>> hint("http://localhost:8000", HttpReply(404, {}, b"Not Found"))
    '; the base_url of most servers ends with /v1: try http://localhost:8000/v1'
    """
    is_page = reply.status < 300 and reply.body.lstrip()[:1] == b"<"
    path = urlsplit(base_url).path.rstrip("/")
    if not (is_page or reply.status in _MISSING) or path.endswith("/v1") or b"model" in reply.body[:1000].lower():
        return ""
    root = base_url.removesuffix("/chat/completions")
    better = root if root != base_url else f"{base_url}/v1"
    return f"; the base_url of most servers ends with /v1: try {better}"
