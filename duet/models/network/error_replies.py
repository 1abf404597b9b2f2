"""Says what an error reply means: whether it can pass, whether it is about one request, or about all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

ErrorKind = Literal["unusable", "passing", "filtered", "too_long", "rejected"]

_PASSING = {408, 409, 425, 429}  # and every 5xx
_UNUSABLE = {401, 402, 403, 404}
_UNUSABLE_CODES = {"insufficient_quota", "billing_hard_limit_reached", "invalid_api_key", "model_not_found"}
_UNKNOWN_MODEL = re.compile(
    r"\bmodel\b.*\b(not exist|does not exist|not found|not a valid model)\b|\b(unknown|invalid|no such) model\b",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content[_ -]?(filter|policy|management)|flagged|moderation|safety (filter|system|settings)|data_inspection",
    re.IGNORECASE,
)  # fmt: skip
_TOO_LONG = re.compile(
    r"context[_ ](length|window|size|limit)|maximum context|prompt is too long|input (is |was )?too (long|large)"
    r"|too many (input )?tokens|string_above_max_length|exceeds? the (maximum|max|limit|model'?s)\b.*\b(tokens|length)",
    re.IGNORECASE,
)


def error_kind(status: int, error: Any, reason: str) -> ErrorKind:
    """Returns what to do about an error.

    >>> error_kind(400, None, "400 maximum context length is 4097 tokens"), error_kind(503, None, "503 loading")
    ('too_long', 'passing')

    Args:
        status: of HTTP.
        error: the error object, if the server sent one.
        reason: the server's own words.
    """
    codes = {str(error.get(name)) for name in ("code", "type")} if isinstance(error, dict) else set()
    said = f"{codes} {reason}"
    is_refused = status in (400, 403, 413, 422)
    if is_refused and status != 413 and _FILTERED.search(said):
        return "filtered"
    if is_refused and status != 403 and (status == 413 or _TOO_LONG.search(said)):
        return "too_long"
    if status in _UNUSABLE or codes & _UNUSABLE_CODES or (status == 400 and _UNKNOWN_MODEL.search(reason)):
        return "unusable"
    return "passing" if status in _PASSING or status >= 500 else "rejected"


def message_in(content: Mapping[str, Any]) -> str:
    """The server's own words, where the known servers put them.

    >>> message_in({"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]})
    'body.seed: Extra inputs are not permitted'
    """
    error = content.get("error")
    found = error.get("message") if isinstance(error, dict) else error
    found = found or content.get("message") or content.get("detail")
    return found if isinstance(found, str) else _in_words(found) if found else ""


def _in_words(found: Any) -> str:
    """A list of complaints as FastAPI sends it, each with the field that it is about."""
    details = found.get("detail", found) if isinstance(found, dict) else found
    complaints = [detail for detail in details if isinstance(detail, dict)] if isinstance(details, list) else []
    words = [f"{'.'.join(map(str, each.get('loc') or []))}: {each['msg']}" for each in complaints if each.get("msg")]
    return "; ".join(words) or json.dumps(found)
