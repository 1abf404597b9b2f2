"""Builds what is sent to an endpoint, and leaves out or renames the fields that it turns out to refuse."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from duet.models.base import Request, without_system_role

log = logging.getLogger("duet")

UNLIMITED = 16384  # tokens that an answer is taken to have at most where no limit is sent
_LIMITS = ("max_tokens", "max_completion_tokens")
_FIXED = ("model", "messages", "prompt")
_REFUSAL = re.compile(
    r"unsupported|not support|unknown|unrecogni[sz]ed|unexpected|extra (inputs?|fields?|properties)|not permitted"
    r"|not allowed|cannot find field|no such (field|parameter)|invalid (parameter|field|argument|value)|deprecated"
    r"|strictly positive|must be|only the default|not available|not one of|does not match|illegal",
    re.IGNORECASE,
)
_SECRET_NAME = re.compile(r"(api|access|auth)?[-_]?(key|token|secret|password)|authorization", re.IGNORECASE)
_STREAM = {"stream": True, "stream_options": {"include_usage": True}}
_MOST_TOKENS = re.compile(r"(?:at most|maximum(?: value)?(?: of| is)?|less than or equal to|<=|range.{0,40},) *(\d+)")
_ONLY_STREAMS = re.compile(
    r"(only|must|please).{0,40}\bstream|\bstream\w*.{0,40}(required|only|must)|non-stream", re.IGNORECASE
)
_SYSTEM_ROLE = re.compile(
    r"\bsystem\b.{0,40}not support|not support.{0,20}\b'?system|only user and assistant", re.IGNORECASE
)


class RequestFields:
    """The fields of every request to one endpoint: the user's go before the request's own.

    What the endpoint refuses is remembered for the rest of the run, and logged once.

    Args:
        model: its name at the endpoint.
        limit: how the endpoint calls the most tokens of an answer.
        fields: the user's: a value sets a field, None leaves it out; those of ``extra_body`` are added.
        reasoning_tokens: added to the most tokens of every answer.
    """

    def __init__(
        self, model: str, limit: str = "max_tokens", fields: Mapping[str, Any] | None = None, reasoning_tokens: int = 0
    ) -> None:
        given = dict(fields or {})
        extra = given.pop("extra_body", None) or {}
        if not isinstance(extra, Mapping):
            raise ValueError(f"Expected fields.extra_body to hold fields but got {extra!r}")
        self._model, self._limit, self._reasoning_tokens = model, limit, reasoning_tokens
        self._user = {**given, **extra}
        if named := [name for name in _FIXED if name in self._user]:
            raise ValueError(f"Expected fields without {named[0]}, which Duet sets itself")
        if secret := next((name for name in self._user if _SECRET_NAME.fullmatch(name)), None):
            raise ValueError(f"Expected no secret in fields but got {secret!r}: use key_variable or headers")
        self._dropped: dict[str, None] = {}
        self._added: dict[str, Any] = {}
        self._most_tokens: int | None = None
        self._folds_system = False

    @property
    def identity(self) -> str:
        """The user's fields and the room to reason, as both change answers; nothing if there are none."""
        room = {"reasoning_tokens": self._reasoning_tokens} if self._reasoning_tokens else {}
        given = self._user | room
        return json.dumps(given, sort_keys=True, separators=(",", ":"), default=str) if given else ""

    @property
    def answer_overhead(self) -> int:
        """Tokens that an answer can have beyond its request's own limit."""
        set_by_user = [self._user[name] for name in _LIMITS if name in self._user]
        numbers = [value for value in set_by_user if isinstance(value, int)]
        if numbers:
            return max(numbers)
        unlimited = bool(set_by_user) or all(name in self._dropped for name in _LIMITS)
        return UNLIMITED if unlimited else self._reasoning_tokens

    def body(self, request: Request, system: str | None = None) -> dict[str, Any]:
        """Returns what is sent for a request.

        Args:
            request: the prompt and how to answer it.
            system: the system prompt, if any.
        """
        body: dict[str, Any] = {"model": self._model, "messages": self._messages(request, system)}
        limit = self._limit_name()
        if limit:
            body[limit] = min(request.max_tokens + self._reasoning_tokens, self._most_tokens or 10**9)
        body["temperature"] = request.temperature
        if request.temperature > 0:
            body["seed"] = request.seed
        if request.top_p < 1:
            body["top_p"] = request.top_p
        if request.stop:
            body["stop"] = [*request.stop]
        body |= self._user | self._added
        return {name: value for name, value in body.items() if value is not None and name not in self._dropped}

    def _messages(self, request: Request, system: str | None) -> list[dict[str, str]]:
        first = [{"role": "system", "content": system}] if system else []
        messages = [*first, *request.chat]
        return without_system_role(messages) if self._folds_system else messages

    def _limit_name(self) -> str | None:
        """Names the limit's field; None if the user sets or leaves out one, or both names are refused."""
        if any(name in self._user for name in _LIMITS):
            return None
        names = [self._limit, *(name for name in _LIMITS if name != self._limit)]
        return next((name for name in names if name not in self._dropped), None)

    def adapt(self, sent: Mapping[str, Any], message: str, error: Any = None) -> bool:
        """Learns from a refusal; says whether the request, built anew, is worth sending again.

        Args:
            sent: the body that was refused.
            message: the server's own words.
            error: its error object, which may name the field.
        """
        if "stream" not in sent and _ONLY_STREAMS.search(message):
            return self._learn("answers only as a stream, which is read from now on", added=_STREAM)
        if any(part["role"] == "system" for part in sent["messages"]) and _SYSTEM_ROLE.search(message):
            first, self._folds_system = not self._folds_system, True
            return self._say("takes no system prompt: it is sent at the start of the prompt from now on", first)
        name = _named(sent, message, error)
        if name is None:
            return False
        if name in _LIMITS and (found := _MOST_TOKENS.search(message)) and 0 < int(found[1]) < sent[name]:
            first, self._most_tokens = self._most_tokens != int(found[1]), int(found[1])
            return self._say(f"gives at most {found[1]} tokens, which is the limit from now on", first)
        other = next((limit for limit in _LIMITS if limit != name and limit not in self._dropped), None)
        renamed = name in _LIMITS and name not in self._user and other
        return self._learn(f"refuses {name}: {f'{other} is sent' if renamed else 'it is left out'} from now on", name)

    def _learn(self, what: str, dropped: str | None = None, added: Mapping[str, Any] | None = None) -> bool:
        is_new = (dropped is not None and dropped not in self._dropped) or not (
            added or {}
        ).keys() <= self._added.keys()
        if dropped:
            self._dropped[dropped] = None
        self._added |= added or {}
        return self._say(what, is_new)

    def _say(self, what: str, is_new: bool) -> bool:
        if is_new:
            log.warning("%s %s", self._model, what)
        return True


def _named(sent: Mapping[str, Any], message: str, error: Any) -> str | None:
    """The field of a body that a refusal is about; None if it is about none, or only about the prompt."""
    names = [name for name in sent if name not in _FIXED]
    code = str(error.get("code")) if isinstance(error, dict) else ""
    if not _REFUSAL.search(f"{code} {message}") and not _MOST_TOKENS.search(message):
        return None
    param = error.get("param") if isinstance(error, dict) else None
    if isinstance(param, str) and param in names:
        return param
    return _first_named(names, message)


def _first_named(names: Iterable[str], message: str) -> str | None:
    """The field that is named first in a message, as a whole word; quoted ones go before."""
    found: Sequence[tuple[bool, int, str]] = sorted(
        (match[1] is None, match.start(), name)
        for name in names
        for match in re.finditer(rf"([\"'`\[.]?)(?<![\w-]){re.escape(name)}(?![\w-])", message)
    )
    return found[0][2] if found else None
