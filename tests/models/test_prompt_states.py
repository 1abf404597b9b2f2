from __future__ import annotations

import pytest
import torch

from duet.models.fakes import HashingWhiteBox
from duet.models.huggingface_white_box import HuggingFaceWhiteBox
from duet.models.open_model.causal_lm import EMBEDDED_FOLDER
from duet.models.prompt_states import PromptStates

PROMPT = "Input: ab\nOutput: b\n\nThe instruction was to"


@pytest.mark.skipif(not EMBEDDED_FOLDER.is_dir(), reason="the embedded model's weights are missing")
def test_a_state_is_the_last_layers_at_the_last_token_behind_the_soft_prompt() -> None:
    white_box = HuggingFaceWhiteBox(layer=1)  # another layer is for texts
    soft = 0.1 * torch.randn(3, 2, white_box.embedding_size, generator=torch.Generator().manual_seed(0))
    lm = white_box.lm
    ids = torch.tensor(lm.tokenizer(PROMPT)["input_ids"])
    expected = []
    for row in soft:
        embedded = torch.cat([row.to(lm.model.dtype), lm.model.get_input_embeddings()(ids)])[None]
        states = lm.model(inputs_embeds=embedded, output_hidden_states=True).hidden_states
        expected.append(states[-1][0, -1].float().detach())
    found = PromptStates(batch_tokens=2 * (len(ids) + 2)).states(white_box, PROMPT, soft)  # two rows at once
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, torch.stack(expected), rtol=1e-4, atol=1e-4)
    assert found.std(0).mean() > 0.001


def test_a_white_box_without_such_states_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a HuggingFaceWhiteBox, for soft prompts, but got HashingWhiteBox"):
        PromptStates().check(HashingWhiteBox())
