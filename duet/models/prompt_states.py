"""Reads a whole prompt under a soft prompt with a white box, before it writes: INSTINCT's features."""

from __future__ import annotations

import torch
from torch import Tensor

from duet.models.base import AbstractEncoder
from duet.models.huggingface_white_box import HuggingFaceWhiteBox
from duet.models.open_model.batching import TokenLimit
from duet.models.open_model.causal_lm import CausalLM
from duet.models.open_model.halves import in_halves
from duet.models.open_model.memory import read_at_once
from duet.models.open_model.reading import keep_end


class PromptStates:
    """The last layer's state of the last token, after the final norm.

    Args:
        batch_tokens: most tokens that are read at once.
    """

    def __init__(self, batch_tokens: int = 16384) -> None:
        self._limit = TokenLimit(batch_tokens)

    def check(self, white_box: AbstractEncoder) -> None:
        """Checks whether this white box can be read so.

        Raises:
            ValueError: it can't.
        """
        if not isinstance(white_box, HuggingFaceWhiteBox):
            raise ValueError(
                f"white_box: expected a HuggingFaceWhiteBox, for soft prompts, but got {type(white_box).__name__}"
            )

    def states(self, white_box: AbstractEncoder, prompt: str, soft_prompts: Tensor) -> Tensor:
        """Reads one prompt behind each soft prompt, as the white box does when it writes.

        Args:
            white_box: the model.
            prompt: a text; what is too long loses its beginning, first token aside.
            soft_prompts: (n, s, e).

        Returns:
            (n, d), float32, on the CPU.
        """
        self.check(white_box)
        assert isinstance(white_box, HuggingFaceWhiteBox)
        lm, soft_length = white_box.lm, soft_prompts.shape[1]
        [ids] = lm.tokenise([prompt], special=True)
        ids = keep_end(ids, None if lm.context_length is None else lm.context_length - soft_length)
        rows = in_halves(
            lm.model,
            [len(ids) + soft_length] * len(soft_prompts),
            lambda batch: _last_states(lm, torch.tensor(ids), soft_prompts[batch]).unbind(),
            self._limit,
            lambda: read_at_once(lm.model),
        )
        return torch.stack(rows)


@torch.no_grad()
def _last_states(lm: CausalLM, ids: Tensor, soft_prompts: Tensor) -> Tensor:
    """(t,) tokens behind (b, s, e) soft prompts -> (b, d); all rows are of one length, so nothing is padded."""
    hard: Tensor = lm.model.get_input_embeddings()(ids.to(lm.input_device))  # (t, e)
    rows = torch.cat([soft_prompts.to(hard), hard.expand(len(soft_prompts), -1, -1)], dim=1)  # (b, s + t, e)
    states: Tensor = lm.model.base_model(inputs_embeds=rows, use_cache=False).last_hidden_state
    return states[:, -1].float().cpu()
