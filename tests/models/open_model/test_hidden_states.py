from __future__ import annotations

import pytest
import torch

from duet.models.open_model.causal_lm import load_causal_lm
from duet.models.open_model.checkpoints import LoadOptions
from duet.models.open_model.hidden_states import decoder_blocks, hidden_states, pool_states, resolve_layer


@pytest.mark.parametrize("layer", [1, 2, 3, 4])
def test_states_equal_transformers_own(tiny: str, layer: int) -> None:
    lm = load_causal_lm(LoadOptions(tiny))
    ids = torch.tensor([[1, 5, 9, 12], [1, 7, 2, 2]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    expected = lm.model(ids, attention_mask=mask, output_hidden_states=True).hidden_states[layer]
    found = hidden_states(lm, ids, layer)  # which needs no mask
    torch.testing.assert_close(found[mask.bool()], expected[mask.bool()], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("layer", [1, 2, 3, 4])
def test_only_the_first_layers_are_run(tiny: str, layer: int) -> None:
    lm = load_causal_lm(LoadOptions(tiny))
    run: list[int] = []
    handles = [
        block.register_forward_hook(lambda *_, number=number: run.append(number))
        for number, block in enumerate(decoder_blocks(lm), start=1)
    ]
    hidden_states(lm, torch.tensor([[1, 5]]), layer)
    for handle in handles:
        handle.remove()
    assert run == list(range(1, layer + 1))


def test_a_pass_that_was_stopped_leaves_no_hook_behind(tiny: str) -> None:
    lm = load_causal_lm(LoadOptions(tiny))
    ids = torch.tensor([[1, 5]])
    before = lm.model(ids).logits
    hooks = [len(block._forward_hooks) for block in decoder_blocks(lm)]
    hidden_states(lm, ids, 2)
    assert torch.equal(lm.model(ids).logits, before)
    assert [len(block._forward_hooks) for block in decoder_blocks(lm)] == hooks


@pytest.mark.parametrize("layer", [0, 5, -2, 1.5])
def test_a_layer_out_of_range_is_refused(layer: float) -> None:
    with pytest.raises(ValueError, match=f"Expected layer to be 'middle', a share, -1 or from 1 to 4 but got {layer}"):
        resolve_layer(layer, 4)


def test_the_middle_of_one_layer_is_that_layer() -> None:
    assert resolve_layer("middle", 1) == 1


def test_pooling_sees_a_texts_own_positions_only() -> None:
    nan = float("nan")
    states = torch.tensor([[[nan], [1.0], [3.0], [nan]], [[5.0], [nan], [nan], [nan]]])
    first, end = torch.tensor([1, 0]), torch.tensor([3, 1])
    assert pool_states(states, first, end, "mean").tolist() == [[2.0], [5.0]]
    assert pool_states(states, first, end, "last").tolist() == [[3.0], [5.0]]
