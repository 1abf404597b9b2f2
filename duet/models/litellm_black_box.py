"""A model whose provider has a protocol of its own, through LiteLLM (the extra ``litellm``)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from duet.models.base import AbstractWrapper, Arrived, Request, always
from duet.models.endpoint import Endpoint, checked_url
from duet.models.errors import ProviderError
from duet.models.openai_black_box import OpenAIBlackBox
from duet.models.prices import Prices
from duet.models.providers import checked_variable

if TYPE_CHECKING:
    from duet.models.network.litellm_connection import LiteLLMConnection

# Providers with one key, where LiteLLM looks for it; others have credentials of their own, such as a cloud's.
KEY_VARIABLES = {
    "anthropic": "ANTHROPIC_API_KEY",
    "azure": "AZURE_API_KEY",
    "azure_ai": "AZURE_AI_API_KEY",
    "cohere": "COHERE_API_KEY",
    "cohere_chat": "COHERE_API_KEY",
    "databricks": "DATABRICKS_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "huggingface": "HF_TOKEN",
    "openai": "OPENAI_API_KEY",
    "replicate": "REPLICATE_API_KEY",
    "watsonx": "WATSONX_APIKEY",
}
_NOWHERE = "https://litellm.invalid"
_PRICE_LIST = "model_prices_and_context_window_backup.json"  # travels in LiteLLM's wheel


class LiteLLMBlackBox(AbstractWrapper):
    """Sends prompts to any provider that LiteLLM knows: Anthropic, Bedrock, Vertex, Azure and others.

    Attempts, pauses, limits and refused fields are those of `OpenAIBlackBox`; LiteLLM translates one request at a time
    and retries nothing itself. Keys and credentials come from the environment.

    Args:
        model: provider and name, as LiteLLM spells them: ``anthropic/claude-sonnet-4-5``, ``azure/DEPLOYMENT``,
            ``bedrock/MODEL_ID``, ``vertex_ai/gemini-2.5-flash``.
        base_url: address of the provider, such as an Azure resource's; None is LiteLLM's own.
        max_concurrency: most requests that are under way at once.
        timeout: seconds that one attempt may take.
        patience: seconds that a request may take with all its attempts and pauses.
        pause: seconds before the second attempt; then twice as long each time, up to 8.
        requests_per_minute: most requests per minute; None is no limit.
        tokens_per_minute: most tokens per minute; None is no limit.
        system_prompt: sent before every prompt, if given.
        prices: US dollars per million tokens; None is LiteLLM's list, as it was when its version was released.
        key_variable: environment variable that holds the key; None is the provider's usual one.
        fields: fields of every request, as in `OpenAIBlackBox`; ``api_version`` of Azure is one of them.
        reasoning_tokens: tokens that an answer may have beyond its limit, as in `OpenAIBlackBox`.
    """

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        max_concurrency: int = 16,
        timeout: float = 60.0,
        patience: float = 300.0,
        pause: float = 0.5,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        system_prompt: str | None = None,
        prices: Prices | None = None,
        key_variable: str | None = None,
        fields: dict[str, Any] | None = None,
        reasoning_tokens: int | None = None,
    ) -> None:
        provider, _, name = model.partition("/")
        if not name:
            raise ValueError(
                f"Expected model to be PROVIDER/NAME, such as anthropic/claude-sonnet-4-5, but got {model!r}"
            )
        address = checked_url(base_url) if base_url else None
        variable = checked_variable(key_variable) or KEY_VARIABLES.get(provider)
        place = Endpoint(
            address or f"litellm://{provider}", model, prices or list_prices(model), variable, has_model_list=False
        )
        box = OpenAIBlackBox(
            model, _NOWHERE, max_concurrency, timeout, patience, pause, requests_per_minute, tokens_per_minute,
            system_prompt, fields=fields, reasoning_tokens=reasoning_tokens,
        )  # fmt: skip
        box.carry(place, lambda: _connect(place, address, max_concurrency, timeout))
        super().__init__(box)

    @property
    def identity(self) -> str:
        """Provider, model, address, system prompt and the user's fields."""
        return self._inner.identity.replace("openai", "litellm", 1)

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Answers ``requests``, up to ``max_concurrency`` at once.

        Raises:
            ProviderError: LiteLLM is not installed, or the provider can't be used.
        """
        return self._inner.stream(requests, may_send)


def _connect(place: Endpoint, address: str | None, most: int, timeout: float) -> LiteLLMConnection:
    """LiteLLM, imported at its first use.

    Raises:
        ProviderError: it is not installed.
    """
    if find_spec("litellm") is None:
        raise ProviderError(f"{place.model} needs LiteLLM: pip install 'duet-instructions[litellm]'")
    from duet.models.network.litellm_connection import LiteLLMConnection

    return LiteLLMConnection(address, place.key if place.own_variable else "", most, timeout)


def list_prices(model: str) -> Prices | None:
    """Returns what LiteLLM's own list says, read from its files without importing it; None if it says nothing."""
    known = _price_list()
    entry = known.get(model) or known.get(model.partition("/")[2])
    costs = [entry.get(f"{kind}_cost_per_token") for kind in ("input", "output")] if entry else []
    numbers = [float(cost) * 10**6 for cost in costs if isinstance(cost, int | float)]
    return Prices(round(numbers[0], 6), round(numbers[1], 6)) if len(numbers) == 2 else None


@lru_cache(maxsize=1)
def _price_list() -> dict[str, dict[str, Any]]:
    found = find_spec("litellm")
    if found is None or not found.submodule_search_locations:
        return {}
    path = Path(found.submodule_search_locations[0]) / _PRICE_LIST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
