"""Reads the reply of a chat completions endpoint, whatever it is, as one of four kinds that a caller can act on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from duet.models.base import CallFailure, Completion, Request
from duet.models.network.error_replies import error_kind, message_in
from duet.models.network.event_stream import is_event_stream, joined_events
from duet.models.network.retry_times import seconds_to_wait
from duet.models.reasoning import no_room, without_reasoning

MOST_CHARACTERS = 2**20  # of an answer; what is longer is cut
_MOST_REASON = 300
_SURROGATES = re.compile("[\ud800-\udfff]")
_FILTER_REASONS = {"content_filter", "safety", "recitation", "prohibited_content", "blocklist", "sensitive"}
_TEXT_PARTS = (None, "text", "output_text")  # others are reasoning, images and the like
_SHORTENED = {"length", "max_tokens", "model_length"}


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


@dataclass(frozen=True)
class RetryableReply:
    """Trouble that may pass: the same request may be sent again.

    Args:
        reason: one line for the reader.
        wait: seconds after which the server wants the request again, if it said so.
        too_fast: whether it was refused because too many came.
    """

    reason: str
    wait: float | None = None
    too_fast: bool = False


@dataclass(frozen=True)
class FatalReply:
    """The key, the account or the model is no good: no request will be answered."""

    reason: str


Reading = Completion | CallFailure | RetryableReply | FatalReply


def read_reply(request: Request, reply: HttpReply) -> Reading:
    """An answer, a failure of this request alone, trouble that may pass, or the end.

    The content decides, not its declared type: some servers send JSON as plain text, and error pages come as JSON.
    """
    if not reply.is_whole:
        return CallFailure(f"the reply is longer than {len(reply.body):,} bytes", kind="rejected")
    if 300 <= reply.status < 400:
        return _read_redirect(reply.status, reply.headers.get("location", ""))
    text = reply.body.decode("utf-8", "replace")
    content = joined_events(text) if is_event_stream(text) else _json(text)
    error = content.get("error") if content else None
    if reply.status < 300 and not error:
        return (
            _read_answer(request, content)
            if content
            else RetryableReply(f"no JSON object: {one_line(text) or 'nothing'}")
        )
    status = reply.status if reply.status >= 300 else _status_of(error)
    return _read_error(status, error, f"{status} {message_of(reply) or one_line(text)}".strip(), reply.headers)


def message_of(reply: HttpReply) -> str:
    """The server's own words about an error, where the known servers put them; nothing if it sent no JSON."""
    text = reply.body.decode("utf-8", "replace")
    content = joined_events(text) if is_event_stream(text) else _json(text)
    return one_line(message_in(content)) if content else ""


def _read_redirect(status: int, location: str) -> Reading:
    """A redirect is never followed, as the prompt, and maybe the key, would reach a place that nobody named."""
    try:
        parts = urlsplit(location)
        host = parts.hostname or ""
        host.encode("idna")  # labels of at most 63 characters
    except ValueError:
        return RetryableReply(f"{status} redirects to no address")
    where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if host else "another path of its own"
    return FatalReply(
        f"{status} redirects to {one_line(where)}; nothing was sent there: set base_url to the right address"
    )


def one_line(message: object, *secrets: str) -> str:
    """A short line that a terminal shows as it is, without the secrets.

    >>> one_line("It is\\nno \\x1b[31muse, abc!", "abc")
    'It is no [31muse, ***!'
    """
    text = str(message)
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return text if len(text) <= _MOST_REASON else f"{text[:_MOST_REASON]}..."


def _read_answer(request: Request, content: dict[str, Any]) -> Reading:
    """The first choice; what was charged for and holds no text is a failure that is not sent again by itself."""
    usage = _usage(content)
    choice = _first(content.get("choices"))
    message = choice.get("message")
    if not isinstance(message, dict):
        return CallFailure("the reply has no choices", *usage, kind="empty") if usage else RetryableReply("no choices")
    written, finish = _text(message.get("content")), str(choice.get("finish_reason")).lower()
    tokens = usage or (_bytes(request.prompt), _bytes((written or "") + _reasoning(message)))
    if refusal := message.get("refusal"):
        return CallFailure(f"refused: {one_line(refusal)}", *tokens, kind="refused")
    if finish in _FILTER_REASONS:
        return CallFailure("blocked by a content filter", *tokens, kind="filtered")
    if not written and (message.get("tool_calls") or message.get("function_call")):
        return CallFailure("tool calls instead of text", *tokens, kind="tool_calls")
    answer = without_reasoning(written or "")
    cut = finish in _SHORTENED
    if cut and not answer.text.strip() and (answer.has_reasoning or _reasoned(message, content)):
        return CallFailure(no_room(tokens[1]), *tokens, kind="empty")
    if written is None:
        return CallFailure(f"no content (finish_reason {one_line(finish)})", *tokens, kind="empty")
    text = answer.text[:MOST_CHARACTERS]
    return Completion(text, *tokens, cut=cut or len(answer.text) > MOST_CHARACTERS, estimated=usage is None)


def _reasoning(message: Mapping[str, Any]) -> str:
    """Returns what some servers send beside the answer."""
    found = message.get("reasoning_content") or message.get("reasoning")
    return found if isinstance(found, str) else ""


def _reasoned(message: Mapping[str, Any], content: Mapping[str, Any]) -> bool:
    """Returns whether tokens went into reasoning, which OpenAI counts but does not show."""
    usage = content.get("usage")
    details = usage.get("completion_tokens_details") if isinstance(usage, dict) else None
    counted = details.get("reasoning_tokens") if isinstance(details, dict) else None
    return bool(_reasoning(message) or counted or message.get("reasoning_details"))


def _read_error(status: int, error: Any, reason: str, headers: Mapping[str, str]) -> Reading:
    match error_kind(status, error, reason):
        case "unusable":
            return FatalReply(reason)
        case "passing":
            return RetryableReply(reason, seconds_to_wait(headers, reason), too_fast=status == 429)
        case kind:
            return CallFailure(reason, kind=kind)


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


def _first(choices: Any) -> dict[str, Any]:
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _text(content: Any) -> str | None:
    """A text, or the texts of a list of parts; half a surrogate pair is no character and is replaced."""
    if isinstance(content, list):
        known = [part for part in content if isinstance(part, dict) and part.get("type") in _TEXT_PARTS]
        parts = [part.get("text") for part in known]
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
