"""LiteLLM, really installed, against a server here; in a process of its own, as importing it changes much."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from duet.models import litellm_black_box
from duet.models.base import Request
from duet.models.errors import ProviderError
from duet.models.litellm_black_box import LiteLLMBlackBox, list_prices
from duet.models.prices import Prices
from duet.models.providers import room_to_reason
from tests.servers.chat_server import Body, ChatServer, completion, error

ROOT = Path(__file__).parents[2]
KEY = "sk-canary-5EcrEt"
installed = pytest.mark.skipif(find_spec("litellm") is None, reason="the extra litellm is not installed")

SCRIPT = """
import json, logging, os, sys
seen = []
def hook(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        seen.append(f"{event} {arguments[-1] if event == 'socket.connect' else arguments[:2]}")
sys.addaudithook(hook)
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
from duet.models.base import Request
from duet.models.errors import ProviderError
from duet.models.litellm_black_box import LiteLLMBlackBox
from duet.models.network.litellm_connection import quiet_litellm
quiet_litellm()
found = {"seen at import": list(seen), "runs": []}
for model, url, options, prompts in json.loads(sys.argv[1]):
    box = LiteLLMBlackBox(model, url, pause=0.01, patience=5.0, **options)
    try:
        outcomes = box.complete([Request(prompt, 16) for prompt in prompts])
        found["runs"].append([vars(outcome) for outcome in outcomes])
    except ProviderError as problem:
        found["runs"].append(str(problem))
found |= {"hosts": sorted({line for line in seen if "127.0.0.1" not in line}), "read": os.environ.get("DUET_CANARY")}
print("\\n" + json.dumps(found))
"""
PROMPTS = ["long", "bad", "later", "temperature", "thinks", "nothing", "cut"]


class Provider:
    """Speaks Anthropic's protocol at one address and OpenAI's at another, and knows no key of the model ``wrong``."""

    def __init__(self) -> None:
        self.tried: list[str] = []

    def __call__(self, body: Body) -> tuple[int, Any]:
        if body["model"].startswith("claude"):
            return 200, anthropics("4")
        if body["model"] == "wrong":
            return 401, error(f"Incorrect API key provided: {KEY}")
        prompt: str = body["messages"][-1]["content"]
        self.tried.append(prompt)
        match prompt:
            case "long":
                return 400, error("This model's maximum context length is 4096 tokens", "context_length_exceeded")
            case "bad":
                return 400, error("The response was filtered: content management policy", "content_filter")
            case "later" if self.tried.count("later") < 3:
                return 503 if self.tried.count("later") == 1 else 429, error("slow down")
            case "temperature" if "temperature" in body:
                return 400, error("Unsupported value: 'temperature' does not support 0 with this model.")
            case "thinks":
                return 200, completion("<think>2, 2</think>4")
            case "nothing":
                return 200, completion("", finish_reason="length", reasoning_content="2")
        return 200, completion("A", finish_reason="length")


@dataclass(frozen=True)
class Run:
    """What a process found that sent prompts through LiteLLM, and what reached the server."""

    found: dict[str, Any]
    server: ChatServer
    tried: list[str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder, provider = tmp_path_factory.mktemp("litellm"), Provider()
    (folder / ".env").write_text("DUET_CANARY=read\n")
    environment = {
        "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "ANTHROPIC_API_KEY": KEY, "OPENAI_API_KEY": KEY,
        "HOME": str(folder),
    }  # fmt: skip
    with ChatServer(reply=provider) as server:
        server.extra_headers = {"retry_after": "0"}
        runs = [
            ("anthropic/claude-3", server.url.removesuffix("/v1"), {"system_prompt": "Be short."}, ["2 and 2?"]),
            ("openai/m", server.url, {}, PROMPTS),
            ("openai/wrong", server.url, {}, ["a"]),
        ]
        command = [sys.executable, "-c", SCRIPT, json.dumps(runs)]
        ended = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
    assert ended.returncode == 0, ended.stderr
    assert KEY not in ended.stdout + ended.stderr
    return Run(json.loads(ended.stdout.splitlines()[-1]), server, provider.tried)


def anthropics(text: str, stop_reason: str = "end_turn") -> Body:
    """An answer in Anthropic's protocol."""
    return {
        "id": "1", "type": "message", "role": "assistant", "model": "claude", "stop_reason": stop_reason,
        "content": [{"type": "text", "text": text}], "usage": {"input_tokens": 7, "output_tokens": 3},
    }  # fmt: skip


@installed
def test_a_provider_with_another_protocol_answers(run: Run) -> None:
    answer = {"text": "4", "prompt_tokens": 7, "completion_tokens": 3, "cut": False, "estimated": False}
    assert run.found["runs"][0] == [answer]
    assert (run.server.paths[0], run.server.headers[0]["x-api-key"]) == ("/v1/messages", KEY)
    body = run.server.seen[0]
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("claude-3", 16, 0.0)
    assert "Be short." in json.dumps(body["system"])


@installed
def test_nothing_is_sent_elsewhere_and_no_env_file_is_read(run: Run) -> None:
    assert (run.found["seen at import"], run.found["hosts"], run.found["read"]) == ([], [], None)


@installed
def test_failures_mean_what_they_mean_at_an_endpoint_of_openais_protocol(run: Run) -> None:
    outcomes = dict(zip(PROMPTS, run.found["runs"][1], strict=True))
    assert {prompt: outcome.get("kind") or outcome["text"] for prompt, outcome in outcomes.items()} == {
        "long": "too_long", "bad": "filtered", "later": "A", "temperature": "A", "thinks": "4", "nothing": "empty",
        "cut": "A",
    }  # fmt: skip
    assert outcomes["cut"]["cut"]
    assert [run.tried.count(prompt) for prompt in ("long", "bad", "later")] == [1, 1, 3]


@installed
def test_a_wrong_key_ends_the_run_in_one_line_without_the_key(run: Run) -> None:
    problem = run.found["runs"][2]
    assert problem.startswith(f"{run.server.url} refuses: 401 ")
    assert "Incorrect API key provided: ***" in problem
    assert "\n" not in problem
    assert [body["model"] for body in run.server.seen].count("wrong") == 1


def test_without_litellm_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setattr(litellm_black_box, "find_spec", lambda name: None)
    litellm_black_box._price_list.cache_clear()
    with pytest.raises(ProviderError, match=r"needs LiteLLM: pip install 'duet-instructions\[litellm\]'$"):
        LiteLLMBlackBox("anthropic/claude-3-haiku-20240307").complete([Request("a")])
    litellm_black_box._price_list.cache_clear()


def test_without_a_key_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(ProviderError, match=r"^No key: set the environment variable ANTHROPIC_API_KEY$"):
        LiteLLMBlackBox("anthropic/claude-3-haiku-20240307").complete([Request("a")])


def test_it_costs_money_whether_or_not_its_prices_are_known() -> None:
    place = LiteLLMBlackBox("bedrock/no.such.model").endpoint
    assert place is not None
    assert (place.prices, place.costs_money, place.has_model_list, place.needs_key) == (None, True, False, False)


@installed
def test_prices_come_from_litellms_list_without_importing_it() -> None:
    code = (
        "import sys\nfrom duet.models.litellm_black_box import list_prices\n"
        "print(list_prices('anthropic/claude-haiku-4-5'))\nsys.exit('litellm' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout.strip()) == (0, "Prices(prompt=1.0, completion=5.0)")
    assert list_prices("bedrock/no.such.model") is None
    assert LiteLLMBlackBox("anthropic/x", prices=Prices(1, 2)).endpoint.prices == Prices(1, 2)  # type: ignore[union-attr]


def test_the_identity_names_provider_model_and_fields_and_no_key() -> None:
    box = LiteLLMBlackBox("bedrock/m", fields={"top_p": 0.5}, system_prompt="S")
    assert box.identity == 'litellm:litellm://bedrock:bedrock/m:S:{"top_p":0.5}'
    assert box.overhead == 1
    assert LiteLLMBlackBox("anthropic/claude-thinking").answer_overhead == room_to_reason("x-thinking")


@pytest.mark.parametrize("model", ["claude", "anthropic/"])
def test_a_model_without_its_provider_is_refused(model: str) -> None:
    with pytest.raises(ValueError, match="Expected model to be PROVIDER/NAME"):
        LiteLLMBlackBox(model)
