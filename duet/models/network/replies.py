"""What a chat completions endpoint sends back, whatever it is, as one of four things that a caller can act on."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any

from duet.models.base import CallFailure, Completion, Request

MOST_CHARACTERS = 2**20  # of an answer; what is longer is cut
_MOST_REASON = 300
_SURROGATES = re.compile("[\ud800-\udfff]")
_PASSING = {408, 409, 425, 429}  # and every 5xx
_UNUSABLE = {401, 402, 403, 404}
_UNUSABLE_CODES = {"insufficient_quota", "billing_hard_limit_reached", "invalid_api_key", "model_not_found"}
_UNKNOWN_MODEL = re.compile(r"\bmodel\b.*\b(not exist|does not exist|not found)\b", re.IGNORECASE)
_FILTERED = re.compile(r"content[_ ](filter|policy)|flagged|moderation", re.IGNORECASE)


@dataclass(frozen=True)
class HttpReply:
    """A reply as it came.

    Args:
        status: of HTTP.
        headers: names in lower case, or a mapping that ignores case.
        body: what was read of it.
        is_whole: whether that is all; reading ends where no answer can be that long.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool = True

    def without(self, secret: str) -> HttpReply:
        """The same without a secret that it may quote."""
        return replace(self, body=self.body.replace(secret.encode(), b"***")) if secret else self


@dataclass(frozen=True)
class Passing:
    """Trouble that may pass: the same request may be asked again.

    Args:
        reason: one line for the reader.
        wait: seconds after which the server wants to be asked again, if it said so.
    """

    reason: str
    wait: float | None = None


@dataclass(frozen=True)
class Unusable:
    """The key, the account or the model is no good: no request will be answered."""

    reason: str


Reading = Completion | CallFailure | Passing | Unusable


def read_reply(request: Request, reply: HttpReply) -> Reading:
    """An answer, a failure of this request alone, trouble that may pass, or the end.

    The content decides, not its declared type: some servers send JSON as plain text, and error pages come as JSON.
    """
    if not reply.is_whole:
        return CallFailure(f"the reply is longer than {len(reply.body):,} bytes", kind="rejected")
    text = reply.body.decode("utf-8", "replace")
    content = _json(text)
    error = content.get("error") if content else None
    if reply.status < 300 and not error:
        return _read_answer(request, content) if content else Passing(f"no JSON object: {one_line(text) or 'nothing'}")
    status = reply.status if reply.status >= 300 else _status_of(error)
    return _read_error(status, error, f"{status} {_message(content, error) or one_line(text)}".strip(), reply.headers)


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """The seconds to wait by ``retry-after-ms`` or ``retry-after`` (seconds or an HTTP date); None where neither says.

    >>> retry_after({"retry-after-ms": "250"}), retry_after({"retry-after": "2"}), retry_after({"retry-after": "soon"})
    (0.25, 2.0, None)
    >>> retry_after({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}, now=20)
    40.0

    Args:
        headers: of the reply.
        now: seconds since 1970; None is now.
    """
    seconds = _number(headers.get("retry-after-ms"))
    seconds = _number(headers.get("retry-after")) if seconds is None else seconds / 1000
    if seconds is None:
        seconds = _until(headers.get("retry-after"), time.time() if now is None else now)
    return None if seconds is None else max(0.0, seconds)


def one_line(message: object, secret: str = "") -> str:
    """A short line that a terminal shows as it is, without the secret.

    >>> one_line("It is\\nno \\x1b[31muse, abc!", "abc")
    'It is no [31muse, ***!'
    """
    text = str(message).replace(secret, "***") if secret else str(message)
    text = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return text if len(text) <= _MOST_REASON else f"{text[:_MOST_REASON]}..."


def _read_answer(request: Request, content: dict[str, Any]) -> Reading:
    """The first choice; what was charged for and holds no text is a failure that is not asked again by itself."""
    usage = _usage(content)
    choice = _first(content.get("choices"))
    message = choice.get("message")
    if not isinstance(message, dict):
        return CallFailure("the reply has no choices", *usage, kind="empty") if usage else Passing("no choices")
    text, finish = _text(message.get("content")), choice.get("finish_reason")
    prompt_tokens, completion_tokens = usage or (_bytes(request.prompt), _bytes(text or ""))
    if refusal := message.get("refusal"):
        return CallFailure(f"refused: {one_line(refusal)}", prompt_tokens, completion_tokens, "refused")
    if finish == "content_filter":
        return CallFailure("blocked by a content filter", prompt_tokens, completion_tokens, "filtered")
    if not text and (message.get("tool_calls") or message.get("function_call")):
        return CallFailure("tool calls instead of text", prompt_tokens, completion_tokens, "tool_calls")
    if text is None:
        return CallFailure(f"no content (finish_reason {one_line(finish)})", prompt_tokens, completion_tokens, "empty")
    cut = finish == "length" or len(text) > MOST_CHARACTERS
    return Completion(text[:MOST_CHARACTERS], prompt_tokens, completion_tokens, cut, usage is None)


def _read_error(status: int, error: Any, reason: str, headers: Mapping[str, str]) -> Reading:
    codes = {str(error.get(name)) for name in ("code", "type")} if isinstance(error, dict) else set()
    if status in (400, 403) and _FILTERED.search(f"{codes} {reason}"):
        return CallFailure(reason, kind="filtered")
    if status in _UNUSABLE or codes & _UNUSABLE_CODES or (status == 400 and _UNKNOWN_MODEL.search(reason)):
        return Unusable(reason)
    if status in _PASSING or status >= 500:
        return Passing(reason, retry_after(headers))
    return CallFailure(reason, kind="rejected")


def _json(text: str) -> dict[str, Any] | None:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _status_of(error: Any) -> int:
    """Of an error that came as a success; without a number of its own it is the server's fault and may pass."""
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and 400 <= code < 600 else 500


def _message(content: dict[str, Any] | None, error: Any) -> str:
    """Where the known servers put it."""
    found = error.get("message") if isinstance(error, dict) else error
    found = found or (content or {}).get("message") or (content or {}).get("detail")
    return one_line(found) if found else ""


def _first(choices: Any) -> dict[str, Any]:
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _text(content: Any) -> str | None:
    """A text, or the texts of a list of parts; half a surrogate pair is no character and is replaced."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(part for part in parts if isinstance(part, str))
    return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", content) if isinstance(content, str) else None


def _usage(content: dict[str, Any]) -> tuple[int, int] | None:
    """Tokens of prompt and answer, if the server counted them."""
    usage = content.get("usage")
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")] if isinstance(usage, dict) else []
    whole: list[int] = [count for count in counts if type(count) is int and count >= 0]
    return (whole[0], whole[1]) if len(whole) == 2 and any(whole) else None


def _bytes(text: str) -> int:
    """An upper bound of a text's tokens."""
    return len(text.encode(errors="replace"))


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _until(date: str | None, now: float) -> float | None:
    try:
        return parsedate_to_datetime(date or "").timestamp() - now
    except ValueError:
        return None
