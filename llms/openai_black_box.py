"""A model behind an OpenAI-compatible endpoint (chat completions)."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from llms.base import AbstractBlackBox, CallFailure, Completion, Outcome, Request
from llms.errors import ProviderError

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletion

_OPENAI_URL = "https://api.openai.com/v1"


class OpenAIBlackBox(AbstractBlackBox):
    """Sends prompts as single user messages, many at once; the client retries what may pass and honours Retry-After.

    The key comes from OPENAI_API_KEY and from nowhere else; an endpoint other than OpenAI's may go without one.

    Args:
        model: its name at the endpoint.
        base_url: address of the endpoint; None is OPENAI_BASE_URL or else OpenAI's.
        max_concurrency: most requests that are under way at once.
        timeout: seconds that one attempt may take.
        max_retries: further attempts after a time-out, a dropped connection, 408, 409, 429 or 5xx.
        system_prompt: sent before every prompt, if given.
    """

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        max_concurrency: int = 16,
        timeout: float = 60.0,
        max_retries: int = 6,
        system_prompt: str | None = None,
    ) -> None:
        self._model = model
        self._base_url = _checked_url(base_url or os.environ.get("OPENAI_BASE_URL") or _OPENAI_URL)
        self._max_concurrency = _at_least(1, "max_concurrency", max_concurrency)
        self._max_retries = _at_least(0, "max_retries", max_retries)
        if timeout <= 0:
            raise ValueError(f"Expected timeout to be positive but got {timeout}")
        self._timeout = timeout
        self._system_prompt = system_prompt

    @property
    def identity(self) -> str:
        """Endpoint, model and system prompt."""
        parts = ["openai", self._base_url, self._model, *([self._system_prompt] if self._system_prompt else [])]
        return ":".join(parts)

    def complete(self, requests: Sequence[Request]) -> list[Outcome]:
        """Answers ``requests`` concurrently.

        Raises:
            ProviderError: none of them was answered, because of the key, the model, a permission or the connection.
        """
        if not requests:
            return []
        return asyncio.run(self._complete(requests))

    async def _complete(self, requests: Sequence[Request]) -> list[Outcome]:
        """A client is bound to the event loop of its first use, so each call has its own and leaves nothing open."""
        async with self._connect() as client:
            return await _Call(client, self._max_concurrency, self._parameters).run(requests)

    def _connect(self) -> AsyncOpenAI:
        openai: Any = import_module("openai")
        key = os.environ.get("OPENAI_API_KEY", "").strip()
        if not key and self._is_openai:
            raise ProviderError("No key: set the environment variable OPENAI_API_KEY")
        client: AsyncOpenAI = openai.AsyncOpenAI(
            api_key=key or "no-key", base_url=self._base_url, timeout=self._timeout, max_retries=self._max_retries
        )
        return client

    @property
    def _is_openai(self) -> bool:
        return urlsplit(self._base_url).hostname == "api.openai.com"

    def _parameters(self, request: Request) -> dict[str, Any]:
        """What is sent; OpenAI's newer models refuse ``max_tokens``, other servers may not know its successor."""
        system = [{"role": "system", "content": self._system_prompt}] if self._system_prompt else []
        return {
            "model": self._model,
            "messages": [*system, {"role": "user", "content": request.prompt}],
            "max_completion_tokens" if self._is_openai else "max_tokens": request.max_tokens,
            "temperature": request.temperature,
        } | ({"seed": request.seed} if request.temperature > 0 else {})


class _Call:
    """One ``complete``: as long as nothing was answered, the first sign of an unusable provider stops the rest."""

    def __init__(self, client: AsyncOpenAI, max_concurrency: int, parameters: Any) -> None:
        self._client = client
        self._slots = asyncio.Semaphore(max_concurrency)
        self._parameters = parameters
        self._answered = False
        self._trouble: str | None = None

    async def run(self, requests: Sequence[Request]) -> list[Outcome]:
        outcomes = await asyncio.gather(*(self._one(request) for request in requests))
        if self._trouble and not self._answered:
            raise ProviderError(self._trouble)
        return outcomes

    async def _one(self, request: Request) -> Outcome:
        async with self._slots:
            if self._trouble and not self._answered:
                return CallFailure(self._trouble)  # not sent
            outcome = await self._ask(request)
        self._answered |= isinstance(outcome, Completion)
        return outcome

    async def _ask(self, request: Request) -> Outcome:
        openai: Any = import_module("openai")
        try:
            response = await self._client.chat.completions.create(**self._parameters(request))
        except openai.APITimeoutError:
            return CallFailure(f"no answer within {self._client.timeout} seconds")
        except openai.APIConnectionError as error:
            return self._unusable(f"Can't reach {self._client.base_url}: {_one_line(error.__cause__ or error)}")
        except (openai.AuthenticationError, openai.PermissionDeniedError, openai.NotFoundError) as error:
            return self._unusable(f"{self._client.base_url} refuses: {_one_line(error)}")
        except openai.APIError as error:
            return CallFailure(_one_line(error))
        except json.JSONDecodeError as error:
            return CallFailure(f"the answer is no JSON: {_one_line(error)}")
        if not isinstance(response, openai.types.chat.ChatCompletion):
            return CallFailure(f"the answer is no chat completion: {_one_line(response)[:80]}")
        return _outcome(request, response)

    def _unusable(self, reason: str) -> CallFailure:
        self._trouble = self._trouble or reason
        return CallFailure(reason)


def _outcome(request: Request, response: ChatCompletion) -> Outcome:
    if not response.choices:
        return CallFailure("the answer has no choices")
    choice = response.choices[0]
    text = choice.message.content
    usage = response.usage  # bytes are an upper bound where a server does not count
    prompt_tokens = usage.prompt_tokens if usage else len(request.prompt.encode(errors="replace"))
    completion_tokens = usage.completion_tokens if usage else len((text or "").encode(errors="replace"))
    if text is not None and not choice.message.refusal:
        return Completion(text, prompt_tokens, completion_tokens)
    refusal = choice.message.refusal
    reason = f"refused: {_one_line(refusal)}" if refusal else f"no content (finish_reason {choice.finish_reason})"
    return CallFailure(reason, prompt_tokens, completion_tokens)


def _checked_url(url: str) -> str:
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise ValueError(f"Expected base_url to be an http or https address but got {url!r}")
    return url.rstrip("/")


def _at_least(least: int, name: str, value: int) -> int:
    if value < least:
        raise ValueError(f"Expected {name} to be at least {least} but got {value}")
    return value


def _one_line(message: object) -> str:
    return " ".join(str(message).split()) or type(message).__name__
