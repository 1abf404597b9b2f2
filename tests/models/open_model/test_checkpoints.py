from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from duet.models.errors import ProviderError
from duet.models.open_model.causal_lm import load_causal_lm
from duet.models.open_model.checkpoints import LoadOptions

ROOT = Path(__file__).parents[3]


def said(model: Path | str, **options: object) -> str:
    with pytest.raises(ProviderError) as caught:
        load_causal_lm(LoadOptions(str(model), **options))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_two_quantisations_at_once_contradict_each_other() -> None:
    with pytest.raises(ValueError, match="at most one of load_in_4bit and load_in_8bit"):
        LoadOptions(load_in_4bit=True, load_in_8bit=True)


def test_a_dtype_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected dtype to be one of auto, float32, bfloat16, float16 but got 'int8'"):
        LoadOptions(dtype="int8")  # type: ignore[arg-type]


@pytest.mark.parametrize("place", ["gpu", "cuda:x", "meta", "cpu,cuda"])
def test_a_place_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(ValueError, match="Expected device_map to be such as cpu, cuda:1 or auto but got"):
        LoadOptions(device_map=place)


def test_auto_is_float32_on_a_cpu() -> None:
    assert LoadOptions(device_map="cpu").resolved().dtype == "float32"
    assert LoadOptions(dtype="bfloat16", device_map="cpu").resolved().dtype == "bfloat16"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_said(tiny: str) -> None:
    assert said(tiny, device_map="cuda:1").endswith("on cuda:1: this machine has no GPU; leave device_map out")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_4_bit_on_a_cpu_needs_whole_blocks(tiny: str) -> None:
    assert said(tiny, load_in_4bit=True).endswith("layers' width 32 is no multiple of 64; use load_in_8bit")


def test_an_attention_that_is_not_installed_is_said(tiny: str) -> None:
    assert "flash" in said(tiny, attn_implementation="flash_attention_2").lower()


def test_weights_in_another_format_than_safetensors_are_not_read(tiny: str, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny, tmp_path / "pickled")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert "it has no weights in the safetensors format" in said(folder)


def test_weights_that_are_missing_are_not_made_up(tiny: str, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny, tmp_path / "holed")
    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert said(folder).endswith("1 weights are missing, such as model.layers.1.mlp.up_proj.weight")


def with_code(folder: Path) -> Path:
    """A model whose own code leaves a file behind when it is run."""
    folder.mkdir()
    config = {"model_type": "foreign", "auto_map": {"AutoConfig": "configuration_foreign.Foreign"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "configuration_foreign.py").write_text(
        f"from pathlib import Path\nfrom transformers import PretrainedConfig\n"
        f"Path({str(folder / 'ran')!r}).touch()\nclass Foreign(PretrainedConfig):\n    model_type = 'foreign'\n"
    )
    return folder


def test_code_that_comes_with_a_model_is_not_run(tmp_path: Path) -> None:
    folder = with_code(tmp_path / "foreign")
    assert "only runs if you set trust_remote_code: true" in said(folder)
    assert not (folder / "ran").exists()


class Hub(BaseHTTPRequestHandler):
    """Answers as the Hugging Face Hub does for models that are gated or missing."""

    def do_HEAD(self) -> None:
        gated = "gated" in self.path
        self.send_response(403 if gated else 401)
        self.send_header("X-Error-Code", "GatedRepo" if gated else "RepoNotFound")
        self.send_header("X-Error-Message", "no")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD  # noqa: N815, http.server's name

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@pytest.fixture
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


ASK = """\
import sys
import huggingface_hub.constants as constants
from duet.models.open_model.causal_lm import load_causal_lm
from duet.models.open_model.checkpoints import LoadOptions
from duet.models.errors import ProviderError
for name in sys.argv[1:]:
    constants.HF_HUB_OFFLINE = name == "a/offline"
    try:
        load_causal_lm(LoadOptions(name, trust_remote_code="foreign" in name))
    except ProviderError as error:
        print(error)
"""


def test_a_model_of_the_hub_that_can_not_be_had_is_said_with_what_to_do(hub: str, tmp_path: Path) -> None:
    folder = with_code(tmp_path / "foreign")
    names = ["a/gated", "a/missing", "a/offline", str(folder)]
    environment = {**os.environ, "HF_ENDPOINT": hub, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0"}
    process = subprocess.run(
        [sys.executable, "-c", ASK, *names], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    gated, missing, offline, _ = process.stdout.splitlines()
    assert gated == (
        "Can't load the model a/gated: it is gated; request access at https://huggingface.co/a/gated, then set HF_TOKEN"
    )
    assert missing.startswith("Can't load the model a/missing: the Hugging Face Hub has no such model, or it is priv")
    assert offline.startswith("Can't load the model a/offline: it is not in the cache (HF_HOME) and the Hugging Face")
    assert (folder / "ran").exists()  # as trust_remote_code said so
