from __future__ import annotations

from typing import Literal

import pytest
import torch

from duet.models.huggingface_encoder import HuggingFaceEncoder
from duet.models.huggingface_white_box import HuggingFaceWhiteBox
from duet.models.open_model.causal_lm import load_causal_lm
from duet.models.open_model.checkpoints import LoadOptions

TEXTS = ["reverse it", "a", "", "Sort the words by their last letter."]
CONTEXTS = ["", "the instruction was to ", "x", "input: cat\n"]


@pytest.mark.parametrize("pooling", ["mean", "last"])
@pytest.mark.parametrize("layer", [1, "middle", 3, -1])
def test_its_states_are_the_white_boxs_bit_for_bit(
    tiny: str, layer: int | Literal["middle"], pooling: Literal["mean", "last"]
) -> None:
    lower, whole = HuggingFaceEncoder(tiny, layer, pooling), HuggingFaceWhiteBox(tiny, layer, pooling)
    one, other = lower.encode(TEXTS, CONTEXTS), whole.encode(TEXTS, CONTEXTS)
    assert torch.equal(one.states, other.states)
    assert torch.equal(one.token_counts, other.token_counts)
    assert (lower.hidden_size, lower.identity) == (whole.hidden_size, whole.identity)


def test_it_holds_no_layer_above_its_own(tiny: str) -> None:
    HuggingFaceEncoder(tiny, layer=1).encode(["a"])
    assert len(load_causal_lm(LoadOptions(tiny), layers=1).model.layers) == 1


def test_a_layer_out_of_range_is_refused_before_anything_is_read(tiny: str) -> None:
    with pytest.raises(ValueError, match="from 1 to 4 but got 5"):
        _ = HuggingFaceEncoder(tiny, layer=5).hidden_size
