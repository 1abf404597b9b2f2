"""Where a black box lives when it is not in this process, and so whether it can cost money."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from duet.models.prices import FREE, Prices, preset


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
        """What a token costs; None where that is unknown."""
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
        """Whether nothing can be asked without a key; other servers may do without."""
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


def prices_of(endpoint: Endpoint | None) -> Prices | None:
    """What a token costs: nothing in this process; None where that is unknown."""
    return FREE if endpoint is None else endpoint.prices
