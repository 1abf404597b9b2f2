"""Finds a model's server by the name that people give it, such as ``groq/llama-3.3-70b``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from duet.models.endpoint import Endpoint, checked_url
from duet.models.errors import ProviderError
from duet.models.prices import Prices

_OPENAI_URL = "https://api.openai.com/v1"
ROOM = 4096  # tokens
_REASONS = re.compile(
    r"(^|[/:])(o[1-9](-|$)|gpt-[5-9]|gpt-oss|qwq|magistral|deepseek-(reasoner|r1)|grok-4|gemini-(2.5|3)"
    r"|qwen3(?!.*instruct)|glm-(4.[5-9]|5))|thinking|reason",
    re.IGNORECASE,
)
_SECRET_NAMES = re.compile(r"key|token|secret|password|sig(nature)?$|^code$", re.IGNORECASE)


@dataclass(frozen=True)
class Provider:
    """A provider whose servers speak OpenAI's protocol.

    Args:
        base_url: its address.
        key_variable: where its key is; None if none is needed.
    """

    base_url: str
    key_variable: str | None


# Addresses as their documentation gives them; where yours differs, set base_url.
PROVIDERS = {
    "openai": Provider(_OPENAI_URL, "OPENAI_API_KEY"),
    "deepseek": Provider("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    "mistral": Provider("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "groq": Provider("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "openrouter": Provider("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "together_ai": Provider("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    "together": Provider("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    "fireworks_ai": Provider("https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    "xai": Provider("https://api.x.ai/v1", "XAI_API_KEY"),
    "cerebras": Provider("https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    "gemini": Provider("https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
    "ollama": Provider("http://localhost:11434/v1", None),
    "ollama_chat": Provider("http://localhost:11434/v1", None),
    "lm_studio": Provider("http://localhost:1234/v1", None),
    "vllm": Provider("http://localhost:8000/v1", None),
    "hosted_vllm": Provider("http://localhost:8000/v1", None),
}
# Providers with a protocol of their own.
OTHERS = {
    "anthropic", "azure", "azure_ai", "bedrock", "cohere", "cohere_chat", "databricks", "huggingface", "replicate",
    "sagemaker", "sagemaker_chat", "vertex_ai", "vertex_ai_beta", "watsonx", "oci", "snowflake",
}  # fmt: skip
LITELLM = "duet.models.litellm_black_box.LiteLLMBlackBox"


def locate(
    model: str,
    base_url: str | None = None,
    prices: Prices | None = None,
    key_variable: str | None = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> Endpoint:
    """Finds where a model is; a provider's name before it counts only where no address is given.

    >>> found = locate("groq/llama-3.3-70b")
    >>> found.address, found.model, found.key_variable
    ('https://api.groq.com/openai/v1', 'llama-3.3-70b', 'GROQ_API_KEY')

    Raises:
        ValueError: the address, a variable's name or the query can't be used, or the provider has another protocol.
    """
    named = os.environ.get("OPENAI_BASE_URL", "").strip()
    variable = checked_variable(key_variable)
    provider, _, rest = model.partition("/")
    if not base_url and not named and rest:
        if provider in OTHERS:
            raise ValueError(
                f"Expected a model whose provider speaks OpenAI's protocol but got {model!r}: use {LITELLM} "
                "(pip install 'duet-instructions[litellm]'), or set base_url"
            )
        if known := PROVIDERS.get(provider):
            base_url, model, variable = known.base_url, rest, variable or known.key_variable
            variable = None if variable == "OPENAI_API_KEY" else variable
    address = checked_url(base_url or named or _OPENAI_URL).removesuffix("/chat/completions")
    pairs = {name: str(value) for name, value in (query or {}).items()}
    if secret := next((name for name in pairs if _SECRET_NAMES.search(name)), None):
        raise ValueError(f"Expected no secret in the address but got the parameter {secret!r}; use headers")
    named_headers = {name: checked_variable(value, "headers") or "" for name, value in (headers or {}).items()}
    return Endpoint(address, model, prices, variable, tuple(named_headers.items()), tuple(pairs.items()))


def checked_variable(name: str | None, argument: str = "key_variable") -> str | None:
    """The name of an environment variable; what is no such name is not repeated, as it may be a key.

    Raises:
        ValueError: it can't be one.
    """
    if name is not None and not re.fullmatch("[A-Z][A-Z0-9_]{0,63}", str(name)):
        raise ValueError(f"Expected {argument} to name an environment variable in capitals, such as DEEPSEEK_API_KEY")
    return name


def require_secrets(endpoint: Endpoint) -> None:
    """Checks that the environment holds what the endpoint needs.

    Raises:
        ProviderError: a variable is empty, or holds what no key can hold.
    """
    values = {endpoint.key_variable: endpoint.key}
    values |= {variable: endpoint.headers[name] for name, variable in endpoint.header_variables}
    for variable, value in values.items():
        if not value and variable in endpoint.variables:
            raise ProviderError(f"No key: set the environment variable {variable}")
        if not (value.isascii() and value.isprintable()):
            raise ProviderError(f"{variable} contains characters that no API key can have")


def room_to_reason(model: str) -> int:
    """Tokens that a model may need before it answers, if its name says that it reasons.

    >>> room_to_reason("o3-mini"), room_to_reason("deepseek-ai/DeepSeek-R1"), room_to_reason("gpt-4o")
    (4096, 4096, 0)
    """
    return ROOM if _REASONS.search(model) else 0
