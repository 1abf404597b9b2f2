"""One event loop and one openai client for the whole life of a black box, so that connections are used again."""

from __future__ import annotations

import asyncio
import atexit
import json
import weakref
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

import aiohttp
import httpx2
import openai

from duet.models.network.in_flight_tasks import InFlightTasks, cancel
from duet.models.network.replies import HttpReply
from duet.models.network.secret_filter import without_secret

T = TypeVar("T")
NO_REPLY = (httpx2.HTTPError, httpx2.InvalidURL, aiohttp.ClientError, OSError, UnicodeError)  # instead of a reply
_NOT_REACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, httpx2.PoolTimeout)
MOST_BYTES = 16 * 2**20


class Closable(Protocol):
    """The part of a connection that has to be closed."""

    async def aclose(self) -> None:
        """Closes it."""


_open: dict[asyncio.AbstractEventLoop, Closable] = {}
_left: list[asyncio.AbstractEventLoop] = []  # of connections that nobody holds any more
_IDLE_SECONDS = 2.0  # shorter than servers wait, so that none closes a connection just as it is used again


class Connection:
    """Runs requests on a loop that stands still between calls; the thread that calls it is the only one.

    The openai client gives headers and transport, and no more: retrying and parsing are done here, where every reply
    has to have a meaning, and a call takes half the processor time. Headers are prepared once, not per request.

    Args:
        base_url: address of the endpoint.
        key: sent with every request; nothing if there is none.
        most: requests that may be under way at once.
        connect_seconds: how long finding and reaching the endpoint may take.
        headers: more of them, which go before those of the client.
        query: parameters of the address, such as Azure's ``api-version``.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        most: int,
        connect_seconds: float,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> None:
        close_what_is_left()
        limits = httpx2.Limits(max_connections=most, max_keepalive_connections=most, keepalive_expiry=_IDLE_SECONDS)
        timeout = httpx2.Timeout(None, connect=connect_seconds, pool=connect_seconds)  # the caller times attempts
        self._http = openai.DefaultAioHttpClient(limits=limits, timeout=timeout)
        client = openai.AsyncOpenAI(api_key=key or "none", base_url=base_url, http_client=self._http)
        self._address = httpx2.URL(f"{base_url}/chat/completions", params=dict(query) if query else None)
        named = _headers(client, bool(key)) | dict(headers or {})
        self._headers = self._http.build_request("GET", self._address, headers=named).headers
        self._loop = asyncio.new_event_loop()
        self._secrets = tuple(filter(None, [key, *(headers or {}).values()]))
        close_at_the_end(self, self._loop, self._http)

    async def post(self, body: dict[str, Any]) -> HttpReply:
        """The reply to one chat completion, whatever it says, without the secrets that it may quote.

        A redirect is not followed: the prompt is meant for this endpoint and for no other.

        Raises:
            OSError or another of `NO_REPLY`: there was none.
        """
        content = json.dumps(body).encode()  # ASCII, so that half a surrogate pair in a prompt is no error
        request = httpx2.Request("POST", self._address, content=content, headers=self._headers)
        response = await self._http.send(request, stream=True, follow_redirects=False)
        try:
            return await self._read(response)
        finally:
            await response.aclose()

    async def _read(self, response: httpx2.Response) -> HttpReply:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MOST_BYTES:
                break
        return HttpReply(
            response.status_code, response.headers, self._cleansed(bytes(body)), is_whole=len(body) <= MOST_BYTES
        )

    def _cleansed(self, body: bytes) -> bytes:
        for secret in self._secrets:
            body = without_secret(body, secret)
        return body

    def tasks(self) -> InFlightTasks[T]:
        """For the requests of one stream."""
        return InFlightTasks(self._loop)


def was_reached(error: BaseException) -> bool:
    """Returns whether a request that got no reply may have been sent: unless no connection was made.

    The error's cause says so; a connection that broke later is a time-out of connecting, too, in the client's terms.
    """
    return not isinstance(error.__cause__ or error, _NOT_REACHED)


def close_at_the_end(connection: object, loop: asyncio.AbstractEventLoop, closable: Closable) -> None:
    """Closes a loop and what lives on it when its connection is garbage, or when the program ends."""
    _open[loop] = closable
    weakref.finalize(connection, _left.append, loop)  # the garbage collector may come at any moment


def _headers(client: openai.AsyncOpenAI, has_key: bool) -> dict[str, str]:
    """Returns what the client would send, but for what it tells of this machine."""
    headers = {**client.default_headers, **(client.auth_headers if has_key else {})}
    if not has_key:
        headers.pop("Authorization", None)
    known = {name: value for name, value in headers.items() if isinstance(value, str)}
    return {name: value for name, value in known.items() if not name.lower().startswith("x-stainless")}


def close_what_is_left() -> None:
    """Closes the connections that nobody holds any more, where it is safe to run their loops."""
    while _left:
        _close(_left.pop())


@atexit.register
def close_all() -> None:
    """Closes the connections that are still held, too; finalizers may run after this, so it does not wait for them."""
    for loop in list(_open):
        _close(loop)


def _close(loop: asyncio.AbstractEventLoop) -> None:
    http = _open.pop(loop, None)
    if http is None:  # closed already
        return
    cancel(loop, asyncio.all_tasks(loop))
    loop.run_until_complete(http.aclose())
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
