"""Describes the server of a black box, and so whether it can cost money."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from duet.models.prices import FREE, Prices, preset

_SHORTEST_KEY = 8
_HOLDS_A_KEY = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)  # names of variables
_PREFIXED = re.compile(r"(?i)(sk|pk|rk|gsk|xai|hf|ghp|key|token|secret|pplx|nvapi|aiza)[-_]?[\w-]*\d[\w-]{6,}")
_RANDOM = re.compile(r"[A-Za-z0-9]{24,}")
_ACCOUNT = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # a public number, at Cloudflare say
_USER = re.compile(r"[^\s/'\"@]+:[^\s/'\"@]+@(?=[\w.-]+)")
_QUERY = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\"]+")
_WORD = re.compile(r"[\w-]{12,}")


@dataclass(frozen=True)
class Endpoint:
    """A model at a server.

    >>> Endpoint("https://api.openai.com/v1", "gpt-4").prices
    Prices(prompt=30.0, completion=60.0)
    >>> Endpoint("http://localhost:8000/v1", "gpt-4").is_local
    True

    Args:
        address: the server's address.
        model: the model's name there.
        own_prices: the user's; None is the list prices at the provider's own address, where they are known.
        own_variable: the environment variable that holds its key, if it is another than OPENAI_API_KEY.
        header_variables: more headers, and the environment variables that hold their values.
        query: parameters of its address, such as Azure's ``api-version``.
        has_model_list: whether it can be requested; not where LiteLLM stands between.
    """

    address: str
    model: str
    own_prices: Prices | None = None
    own_variable: str | None = None
    header_variables: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    has_model_list: bool = True

    @property
    def prices(self) -> Prices | None:
        """What a token costs; None if that is unknown."""
        return self.own_prices or preset(urlsplit(self.address).hostname, self.model)

    @property
    def key_variable(self) -> str:
        """The environment variable that holds the key."""
        return self.own_variable or "OPENAI_API_KEY"

    @property
    def key(self) -> str:
        """What the environment holds now, maybe nothing; it is in no field, so that nothing prints it."""
        return os.environ.get(self.key_variable, "").strip()

    @property
    def headers(self) -> dict[str, str]:
        """The further headers with what the environment holds now, maybe nothing; in no field, like the key."""
        return {name: os.environ.get(variable, "").strip() for name, variable in self.header_variables}

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that have to hold something; other servers can do without a key."""
        return (*([self.key_variable] if self.needs_key else []), *(variable for _, variable in self.header_variables))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Whatever no text may show, the longest first."""
        return tuple(sorted(filter(None, {self.key, *self.headers.values()}), key=len, reverse=True))

    @property
    def needs_key(self) -> bool:
        """Whether calls need a key; other servers may work without."""
        return self.own_variable is not None or (self.is_openai and not self.header_variables)

    @property
    def is_openai(self) -> bool:
        """Whether the server is OpenAI's own."""
        return urlsplit(self.address).hostname == "api.openai.com"

    @property
    def is_local(self) -> bool:
        """Whether the server is this machine."""
        host = urlsplit(self.address).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    @property
    def costs_money(self) -> bool:
        """Whether a call is or, as its price is unknown, may be paid for."""
        return not self.is_local if self.prices is None else self.prices != FREE

    def __str__(self) -> str:
        return f"{self.model} at {self.address}"


def checked_url(url: str) -> str:
    """An endpoint's address, which is written down in many places and so may hold no secret.

    >>> checked_url("https://api.example.com/v1/")
    'https://api.example.com/v1'

    Raises:
        ValueError: it is none, or holds what may be a secret; that is not repeated.
    """
    problem = "a key comes from the environment (OPENAI_API_KEY, or init_args.key_variable)"
    if "@" in url or "%40" in url:
        raise ValueError(f"Expected base_url without a user name or password; {problem}")
    if "?" in url or "#" in url:
        raise ValueError(f"Expected base_url without a query; {problem}")
    parts = _parts(url)
    if any(_looks_like_a_key(segment) for segment in (*parts.path.split("/"), *parts.netloc.split("."))):
        raise ValueError(f"Expected base_url without anything that looks like a key; {problem}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"Expected base_url to be an http or https address but got {url!r}")
    return url.rstrip("/")


def without_secrets(text: str) -> str:
    """A text for the terminal without what may be a secret: user names and passwords in addresses, and keys.

    >>> without_secrets("see https://me:hunter2@a.example/v1?key=abc and 'me:hunter2@a.example/v1'")
    "see https://***@a.example/v1?*** and '***@a.example/v1'"
    """
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST_KEY and _HOLDS_A_KEY.search(name):
            text = text.replace(value, "***").replace(quote(value, safe=""), "***")
    text = _QUERY.sub(r"\1?***", _USER.sub("***@", text))
    return _WORD.sub(lambda word: "***" if _looks_like_a_key(word[0]) and _PREFIXED.match(word[0]) else word[0], text)


def _parts(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise ValueError("Expected base_url to be an http or https address but it can't be parsed") from error


def _looks_like_a_key(segment: str) -> bool:
    """Returns whether a part of an address is more likely a key than a name.

    >>> [_looks_like_a_key(part) for part in ("v1", "openai", "my-long-deployment-name", "sk-Ab3dEf6hIj9l")]
    [False, False, False, True]
    """
    if _ACCOUNT.fullmatch(segment):
        return False
    mixed = all(any(kind(letter) for letter in segment) for kind in (str.isalpha, str.isdigit))
    return bool(_PREFIXED.match(segment)) or (mixed and bool(_RANDOM.search(segment)))


def prices_of(endpoint: Endpoint | None) -> Prices | None:
    """Returns what a token costs: nothing in this process; None if that is unknown."""
    return FREE if endpoint is None else endpoint.prices
