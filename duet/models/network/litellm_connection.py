"""Carries chat completions through LiteLLM, which translates them into a provider's own protocol.

LiteLLM fetches a list of prices and reads a file ``.env`` when it is imported; both are switched off here before.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from typing import Any, TypeVar

import openai

from duet.models.network.connection import close_at_the_end, close_what_is_left
from duet.models.network.in_flight_tasks import InFlightTasks
from duet.models.network.replies import HttpReply
from duet.models.network.secret_filter import without_secret

T = TypeVar("T")
_QUIET = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_OFFLINE_MODE": "true", "LITELLM_MODE": "PRODUCTION"}
_CODES = {
    "ContextWindowExceededError": "context_length_exceeded",
    "ContentPolicyViolationError": "content_filter",
}
_NOT_SET_UP = re.compile(
    r"pip install|No module named|locate credentials|default credentials|missing .*key|api[_ ]key .*(must|not)",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^(litellm\.\w+: )+|^(\w+Exception - )")
_SECRET_NAMES = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL")
_SHORTEST_SECRET = 8  # characters; what is shorter is no key, and taking it out would garble a text


class LiteLLMConnection:
    """Runs LiteLLM's calls on threads, and gives replies in OpenAI's form.

    Args:
        address: of the provider; None is LiteLLM's own.
        key: the provider's; nothing if LiteLLM finds the credentials itself.
        most: requests that may be under way at once.
        seconds: that one attempt may take.
    """

    def __init__(self, address: str | None, key: str, most: int, seconds: float) -> None:
        close_what_is_left()
        self._litellm = quiet_litellm()
        self._options = {"api_base": address, "api_key": key or None, "timeout": seconds}
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="litellm")
        self._loop = asyncio.new_event_loop()
        close_at_the_end(self, self._loop, _Pool(self._pool))

    async def post(self, body: dict[str, Any]) -> HttpReply:
        """The reply to one chat completion, or what went wrong as an error reply."""
        reply = await self._loop.run_in_executor(self._pool, self._call, body)
        cleansed = reply.body
        for secret in secrets():
            cleansed = without_secret(cleansed, secret)
        return replace(reply, body=cleansed)

    def tasks(self) -> InFlightTasks[T]:
        """For the requests of one stream."""
        return InFlightTasks(self._loop)

    def _call(self, body: dict[str, Any]) -> HttpReply:
        options = {name: value for name, value in self._options.items() if value is not None}
        try:
            found = self._litellm.completion(**body, **options, num_retries=0, max_retries=0, drop_params=True)
            if body.get("stream"):
                found = self._litellm.stream_chunk_builder(list(found))
        except (openai.OpenAIError, ImportError, ValueError) as error:
            return error_reply(error)
        return HttpReply(200, {}, json.dumps(found.model_dump(), default=str).encode())


class _Pool:
    """Closes threads as a connection is closed."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    async def aclose(self) -> None:
        """Starts nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def quiet_litellm() -> Any:
    """LiteLLM, imported such that it fetches, logs and reports nothing."""
    os.environ.update(_QUIET)
    litellm: Any = import_module("litellm")
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.turn_off_message_logging = True
    litellm.callbacks, litellm.success_callback, litellm.failure_callback = [], [], []
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return litellm


def error_reply(error: Exception) -> HttpReply:
    """An exception of LiteLLM as the reply of a server that speaks OpenAI's protocol."""
    text = _PREFIX.sub("", str(error)) or type(error).__name__
    status = getattr(error, "status_code", 500)
    if _NOT_SET_UP.search(text):
        status = 401  # what is missing on this machine does not come by itself
    elif isinstance(error, ValueError):
        status = 400
    content = {"error": {"message": text, "code": _CODES.get(type(error).__name__)}}
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    return HttpReply(
        int(status) if isinstance(status, int) else 500,
        {name.lower(): value for name, value in headers.items()},
        json.dumps(content).encode(),
    )


def secrets() -> list[str]:
    """Returns what environment variables hold whose names say that it is a secret, the longest first."""
    found = {value.strip() for name, value in os.environ.items() if _SECRET_NAMES.search(name)}
    return sorted((value for value in found if len(value) >= _SHORTEST_SECRET), key=len, reverse=True)
