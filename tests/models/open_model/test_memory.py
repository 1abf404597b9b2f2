from __future__ import annotations

from typing import Any, Literal

import pytest
import torch
import transformers

from duet.models.errors import ProviderError
from duet.models.open_model.causal_lm import load_causal_lm
from duet.models.open_model.checkpoints import LoadOptions
from duet.models.open_model.memory import (
    CPU_TOKENS,
    activation_bytes,
    cache_bytes,
    count_weights,
    held_at_once,
    read_at_once,
    require_memory,
)

VICUNA_13B = transformers.LlamaConfig(
    vocab_size=32000,
    hidden_size=5120,
    intermediate_size=13824,
    num_hidden_layers=40,
    num_attention_heads=40,
    max_position_embeddings=4096,
)


def test_a_model_of_vicunas_shape_has_as_many_weights_as_published() -> None:
    assert count_weights(VICUNA_13B).total == 13_015_864_320


@pytest.mark.parametrize(
    ("dtype", "bits", "gigabytes"),
    [(torch.float32, None, 52.1), (torch.bfloat16, None, 26.0), (torch.bfloat16, 8, 13.4), (torch.bfloat16, 4, 7.8)],
)
def test_vicunas_memory_in_each_precision_is_what_the_documents_say(
    dtype: torch.dtype, bits: Literal[4, 8] | None, gigabytes: float
) -> None:
    assert round(count_weights(VICUNA_13B).bytes(dtype, bits) / 1e9, 1) == gigabytes


def test_half_of_vicunas_layers_take_half_its_memory() -> None:
    assert round(count_weights(VICUNA_13B, layers=20).bytes(torch.bfloat16) / 1e9, 1) == 13.0


def test_a_token_leaves_a_key_and_a_value_per_layer() -> None:
    assert cache_bytes(VICUNA_13B, torch.bfloat16) == 2 * 40 * 5120 * 2
    grouped = transformers.LlamaConfig(
        num_hidden_layers=3, hidden_size=64, num_attention_heads=8, num_key_value_heads=2
    )
    assert cache_bytes(grouped, torch.float32) == 2 * 3 * 2 * 8 * 4


def test_activations_are_known_for_a_model_without_an_intermediate_size() -> None:
    config = transformers.GPT2Config(n_embd=64, n_layer=1, n_head=2)
    assert activation_bytes(config, torch.float32) == (6 * 64 + 3 * 4 * 64) * 4 + 8 * 64


def held(model: Any) -> int:
    """Bytes of all that a loaded model holds: its weights, and the scales of quantised ones."""
    tensors: dict[int, torch.Tensor] = {}
    for weight in model.parameters():
        state = getattr(weight, "quant_state", None)
        for each in (weight, getattr(weight, "SCB", None), state.absmax if state else None):
            if isinstance(each, torch.Tensor):
                tensors[each.data_ptr()] = each
    return sum(each.numel() * each.element_size() for each in tensors.values())


@pytest.mark.parametrize("layers", [None, 2])
@pytest.mark.parametrize("options", [{}, {"dtype": "bfloat16"}, {"load_in_8bit": True}, {"load_in_4bit": True}])
def test_a_loaded_model_holds_what_was_computed_from_its_config(
    wide: str, options: dict[str, Any], layers: int | None
) -> None:
    load = LoadOptions(wide, **options)
    config = transformers.AutoConfig.from_pretrained(wide)
    dtype = torch.bfloat16 if load.dtype == "bfloat16" else torch.float32
    assert held(load_causal_lm(load, layers).model) == count_weights(config, layers).bytes(dtype, load.bits)


def test_a_model_that_can_not_fit_is_refused_before_it_is_read() -> None:
    giant = transformers.LlamaConfig(hidden_size=2**20, intermediate_size=2**22, num_hidden_layers=2)
    with pytest.raises(ProviderError, match=r"its weights take \d+.* GB but cpu has .* in 8 bit, .* in 4 bit\); use"):
        require_memory("giant", giant, LoadOptions(dtype="float32", device_map="cpu"))


def test_a_model_that_fits_is_not_refused(wide: str) -> None:  # it would raise, as above
    require_memory(wide, transformers.AutoConfig.from_pretrained(wide), LoadOptions(device_map="cpu"))


def test_on_a_cpu_free_memory_does_not_shape_the_batches(wide: str) -> None:
    model = load_causal_lm(LoadOptions(wide)).model
    assert read_at_once(model) == CPU_TOKENS
    assert held_at_once(model) is None
