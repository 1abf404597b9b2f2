from __future__ import annotations

import pytest

from duet.models.endpoint import Endpoint
from duet.models.errors import ProviderError
from duet.models.providers import locate, require_secrets, room_to_reason


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "GROQ_API_KEY", "AZURE_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("model", "address", "name", "variable"),
    [
        ("gpt-4o", "https://api.openai.com/v1", "gpt-4o", "OPENAI_API_KEY"),
        ("openai/gpt-4o", "https://api.openai.com/v1", "gpt-4o", "OPENAI_API_KEY"),
        ("openrouter/meta-llama/llama-3", "https://openrouter.ai/api/v1", "meta-llama/llama-3", "OPENROUTER_API_KEY"),
        ("ollama/llama3", "http://localhost:11434/v1", "llama3", "OPENAI_API_KEY"),
        ("Qwen/Qwen3-8B", "https://api.openai.com/v1", "Qwen/Qwen3-8B", "OPENAI_API_KEY"),
    ],
)
def test_a_model_is_found_by_the_name_that_people_give_it(model: str, address: str, name: str, variable: str) -> None:
    found = locate(model)
    assert (found.address, found.model, found.key_variable) == (address, name, variable)


def test_where_an_address_is_given_the_name_is_the_servers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert locate("openai/gpt-oss-20b", "http://localhost:8000/v1").model == "openai/gpt-oss-20b"
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:8000/v1")
    assert locate("openai/gpt-oss-20b").model == "openai/gpt-oss-20b"


@pytest.mark.parametrize("model", ["anthropic/claude-3", "bedrock/x.y", "vertex_ai/gemini", "azure/deployment"])
def test_a_provider_with_another_protocol_is_one_line_that_says_what_to_do(model: str) -> None:
    with pytest.raises(ValueError, match=r"LiteLLMBlackBox \(pip install 'duet-instructions\[litellm\]'\)"):
        locate(model)


def test_azures_address_is_taken_apart() -> None:
    found = locate("d", "https://x.example/openai/deployments/d/chat/completions", query={"api-version": "1"})
    assert (found.address, found.query) == (
        "https://x.example/openai/deployments/d", (("api-version", "1"),),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["key", "api_key", "code", "sig", "access_token"])
def test_a_secret_in_an_address_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(ValueError, match="use headers") as caught:
        locate("m", "https://x.example/v1", query={name: "s3cret"})
    assert "s3cret" not in str(caught.value)


def test_a_header_names_a_variable_and_never_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"^Expected headers to name an environment variable") as caught:
        locate("m", headers={"api-key": "s3cret"})
    assert "s3cret" not in str(caught.value)
    monkeypatch.setenv("AZURE_KEY", " s3cret ")
    found = locate("m", "https://x.example/v1", headers={"api-key": "AZURE_KEY"})
    assert found.headers == {"api-key": "s3cret"}
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(("value", "said"), [(None, "set the environment variable AZURE_KEY"), ("\u201c", "contains")])
def test_a_header_without_its_value_is_one_line(monkeypatch: pytest.MonkeyPatch, value: str | None, said: str) -> None:
    if value:
        monkeypatch.setenv("AZURE_KEY", value)
    with pytest.raises(ProviderError, match=said):
        require_secrets(locate("m", "https://x.example/v1", headers={"api-key": "AZURE_KEY"}))


def test_a_header_stands_for_the_key_at_openai_too() -> None:
    assert locate("m", headers={"Authorization": "AZURE_KEY"}).variables == ("AZURE_KEY",)
    assert locate("m").variables == ("OPENAI_API_KEY",)
    assert Endpoint("http://localhost:1/v1", "m").variables == ()


@pytest.mark.parametrize(
    ("model", "reasons"),
    [
        ("o1", True), ("o3-mini", True), ("gpt-5-mini", True), ("openai/gpt-oss-20b", True), ("Qwen/QwQ-32B", True),
        ("deepseek-reasoner", True), ("deepseek-r1:8b", True), ("qwen3:8b", True), ("magistral-small", True),
        ("Qwen/Qwen3-4B-Instruct-2507", False), ("gpt-4o", False), ("gpt-3.5-turbo", False), ("llama3.1", False),
        ("deepseek-chat", False), ("olmo-2", False), ("mistral-large", False),
    ],
)  # fmt: skip
def test_models_that_are_known_to_reason_get_room(model: str, reasons: bool) -> None:
    assert bool(room_to_reason(model)) == reasons
