"""One small file over HTTP: retried when that can help, given up after a time, whatever the server does."""

from __future__ import annotations

import http.client
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 30.0  # seconds without a byte
SLOWEST = 20_000  # bytes a second; a file has TIMEOUT and what it takes at this speed
WAITS = (1.0, 2.0, 4.0)  # seconds between the tries
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


class Unreachable(Exception):
    """The server doesn't answer, or not with files, after every try."""


class WrongFile(Exception):
    """The server answers, but not with the published file."""


def get_with_retries(url: str, size: int, wait: Callable[[float], object], least: int = 0) -> bytes:
    """The content at an address, cut one byte after ``size``.

    Args:
        url: the address.
        size: most bytes that are wanted.
        wait: called with the seconds to wait before a further try.
        least: fewer bytes, from a server that did not say how many come, are a connection that broke.

    Raises:
        WrongFile: the server has no such file.
        Unreachable: it is unusable, after every try.
    """
    for seconds in (*WAITS, None):
        try:
            return _within(TIMEOUT + size / SLOWEST, lambda: _get(url, size, least))
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in (404, 410):
                raise WrongFile(f"{url}: expected a file but the server has none (HTTP {error.code})") from error
            problem, transient = f"HTTP {error.code} {error.reason}", error.code in _TRANSIENT
        except (OSError, http.client.HTTPException) as error:
            problem, transient = str(getattr(error, "reason", "") or error or type(error).__name__), True
        except ValueError as error:  # a redirect to what is no address
            problem, transient = str(error), False
        if not transient or seconds is None:
            break
        wait(seconds)
    raise Unreachable(f"{url}: expected a file but the server is unusable: {' '.join(problem.split())[:200]}")


def _within(seconds: float, work: Callable[[], bytes]) -> bytes:
    """The result of some work, for which a server that sends a byte now and then gets no more than its time.

    Raises:
        TimeoutError: it took longer; the thread that is left behind ends with the process.
    """
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(work())
        except (OSError, http.client.HTTPException, ValueError) as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise TimeoutError(f"too slow, not done after {seconds:.0f} s")
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return bytes(outcome[0])


def _get(url: str, size: int, least: int) -> bytes:
    """The body.

    Raises:
        http.client.IncompleteRead: the connection ended early.
    """
    opener = urllib.request.build_opener(_SameHost)
    with opener.open(url, timeout=TIMEOUT) as response:
        content: bytes = response.read(size + 1)
        length = response.headers.get("Content-Length") or ""
        transfer = response.headers.get("Transfer-Encoding") or ""
    is_known = length.isascii() and length.isdigit() and len(length) < 16
    announced = int(length) if is_known else 0
    is_short = len(content) < (min(announced, size) if is_known or "chunked" in transfer.lower() else least)
    if is_short:
        raise http.client.IncompleteRead(content, max(announced, least) - len(content))
    return content


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows a redirect within a host only."""

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        """The answer to the new request; the connection is closed where that is no address."""
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except ValueError:
            fp.close()
            raise

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """The new request.

        Raises:
            urllib.error.HTTPError: it would lead elsewhere.
        """
        if urlsplit(newurl).hostname != urlsplit(req.full_url).hostname:
            raise urllib.error.HTTPError(req.full_url, code, "redirect to another host", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
