from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from duet.models.errors import ProviderError
from duet.models.open_model.causal_lm import count_layers, describe, load_causal_lm, resolve_model
from duet.models.open_model.checkpoints import LoadOptions
from duet.models.open_model.hidden_states import decoder_blocks


def test_the_same_arguments_give_the_same_pair(tiny: str) -> None:
    assert load_causal_lm(LoadOptions(tiny)) is load_causal_lm(LoadOptions(tiny, dtype="float32", device_map=None))


def test_a_loaded_model_is_in_eval_mode_and_has_no_gradients(tiny: str) -> None:
    model = load_causal_lm(LoadOptions(tiny)).model
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_the_pad_token_falls_back_to_the_end_token(tiny: str) -> None:
    lm = load_causal_lm(LoadOptions(tiny))
    assert (lm.pad_id, lm.stop_ids) == (2, (2,))


def test_the_checkpoints_sampling_defaults_are_forgotten(tiny: str) -> None:
    config = load_causal_lm(LoadOptions(tiny)).model.generation_config
    assert (config.do_sample, config.top_p, config.repetition_penalty) == (None, None, None)


def test_a_dtype_is_honoured(tiny: str) -> None:
    assert load_causal_lm(LoadOptions(tiny, "bfloat16", device_map="cpu")).model.dtype == torch.bfloat16


def test_an_attention_is_honoured(tiny: str) -> None:
    model = load_causal_lm(LoadOptions(tiny, attn_implementation="eager")).model
    assert model.config._attn_implementation == "eager"


@pytest.mark.parametrize("family", ["Llama", "Qwen3", "GPT2", "GPTNeoX"])
def test_only_the_first_layers_are_there_where_no_more_are_asked_for(family: str, tiny: str, tmp_path: Path) -> None:
    config = getattr(transformers, f"{family}Config")(
        vocab_size=70, hidden_size=32, num_hidden_layers=4, num_attention_heads=4
    )
    build: Any = transformers.AutoModelForCausalLM
    whole = build.from_config(config)
    whole.save_pretrained(tmp_path)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(Path(tiny) / file, tmp_path)
    lower = load_causal_lm(LoadOptions(str(tmp_path)), layers=2)
    assert (len(decoder_blocks(lower)), lower.loaded_layers, lower.layer_count) == (2, 2, 4)
    assert lower.model.get_output_embeddings() is None
    own = {key.split(".", 1)[1]: value for key, value in whole.state_dict().items()}
    for name, weight in lower.model.state_dict().items():
        assert torch.equal(weight, own[name]), name


def test_the_layers_are_counted_without_loading_any(tiny: str, tmp_path: Path) -> None:
    shutil.copy(Path(tiny) / "config.json", tmp_path)
    assert count_layers(LoadOptions(str(tmp_path))) == 4


@pytest.mark.parametrize("name", ["./missing", "/no/such/folder", "~/no/such", "a/b/c", "two words"])
def test_a_missing_folder_is_named_in_one_line(name: str) -> None:
    with pytest.raises(ProviderError, match=r"^No such model: .* is neither a folder here nor a name on the Hu.*$"):
        load_causal_lm(LoadOptions(name))


def test_a_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model.bin").touch()
    with pytest.raises(ProviderError, match="is a file; expected a folder"):
        load_causal_lm(LoadOptions(str(tmp_path / "model.bin")))


def test_a_folder_without_a_model_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="Can't load the model") as caught:
        load_causal_lm(LoadOptions(str(tmp_path)))
    assert "\n" not in str(caught.value)


def test_broken_weights_are_refused_in_one_line(tiny: str, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny, tmp_path / "broken")
    (folder / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ProviderError, match="Can't load the model") as caught:
        load_causal_lm(LoadOptions(str(folder)))
    assert "\n" not in str(caught.value)


def test_a_hub_name_stays_a_name() -> None:
    assert resolve_model("owner/some-model_1.5B") == "owner/some-model_1.5B"


def test_a_description_follows_the_content_and_not_the_place(tiny: str, tmp_path: Path) -> None:
    moved = shutil.copytree(tiny, tmp_path / Path(tiny).name)
    same = describe(LoadOptions(str(moved), device_map="cpu"))
    assert same == describe(LoadOptions(tiny, device_map="cpu")) == describe(LoadOptions(tiny, "float32"))
    weights = bytearray((moved / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (moved / "model.safetensors").write_bytes(weights)
    assert describe(LoadOptions(str(moved), device_map="cpu")) != same


def test_a_description_names_dtype_quantisation_and_attention(tiny: str) -> None:
    options = LoadOptions(tiny, "bfloat16", load_in_8bit=True, attn_implementation="eager")
    assert describe(options).endswith(":bfloat16:8bit:eager")
