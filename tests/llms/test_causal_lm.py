from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from llms.causal_lm import describe, load_causal_lm, resolve_dtype, resolve_model
from llms.errors import ProviderError


def test_the_same_arguments_give_the_same_pair(tiny: str) -> None:
    assert load_causal_lm(tiny).model is load_causal_lm(model=tiny, dtype="auto").model


def test_a_loaded_model_is_in_eval_mode_and_has_no_gradients(tiny: str) -> None:
    model, _ = load_causal_lm(tiny)
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_the_pad_token_falls_back_to_the_end_token(tiny: str) -> None:
    lm = load_causal_lm(tiny)
    assert (lm.pad_id, lm.stop_ids) == (2, (2,))


def test_the_checkpoints_sampling_defaults_are_forgotten(tiny: str) -> None:
    config = load_causal_lm(tiny).model.generation_config
    assert (config.do_sample, config.top_p, config.repetition_penalty) == (None, None, None)


def test_a_dtype_is_honoured(tiny: str) -> None:
    assert load_causal_lm(tiny, "bfloat16", device_map="cpu").model.dtype == torch.bfloat16


def test_auto_is_float32_on_a_cpu() -> None:
    assert resolve_dtype("auto", "cpu") == "float32"
    assert resolve_dtype("bfloat16", "cpu") == "bfloat16"


@pytest.mark.parametrize("name", ["./missing", "/no/such/folder", "~/no/such", "a/b/c", "two words"])
def test_a_missing_folder_is_named_in_one_line(name: str) -> None:
    with pytest.raises(ProviderError, match=r"^No such model: .* is neither a folder here nor a name on the Hu.*$"):
        load_causal_lm(name)


def test_a_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model.bin").touch()
    with pytest.raises(ProviderError, match="is a file; expected a folder"):
        load_causal_lm(str(tmp_path / "model.bin"))


def test_a_folder_without_a_model_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="Can't load the model") as caught:
        load_causal_lm(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_broken_weights_are_refused_in_one_line(tiny: str, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny, tmp_path / "broken")
    (folder / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ProviderError, match="Can't load the model") as caught:
        load_causal_lm(str(folder))
    assert "\n" not in str(caught.value)


def test_a_hub_name_stays_a_name() -> None:
    assert resolve_model("owner/some-model_1.5B") == "owner/some-model_1.5B"


def test_two_quantisations_at_once_contradict_each_other(tiny: str) -> None:
    with pytest.raises(ValueError, match="at most one of load_in_4bit and load_in_8bit"):
        load_causal_lm(tiny, load_in_4bit=True, load_in_8bit=True)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_4_bit_without_a_gpu_is_refused(tiny: str) -> None:
    with pytest.raises(ProviderError, match="in 4 bit: no GPU here"):
        load_causal_lm(tiny, load_in_4bit=True)


def test_a_description_follows_the_content_and_not_the_place(tiny: str, tmp_path: Path) -> None:
    moved = shutil.copytree(tiny, tmp_path / Path(tiny).name)
    plain = ("float32", False, False, "cpu")
    same = describe(str(moved), "auto", False, False, "cpu")
    assert same == describe(tiny, "auto", False, False, "cpu") == describe(tiny, *plain)  # type: ignore[arg-type]
    weights = bytearray((moved / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (moved / "model.safetensors").write_bytes(weights)
    assert describe(str(moved), "auto", False, False, "cpu") != same


def test_a_description_names_dtype_and_quantisation(tiny: str) -> None:
    assert describe(tiny, "bfloat16", False, True, "cpu").endswith(":bfloat16:8bit")
