"""An open model whose hidden states are read and whose input embeddings are set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from llms.base import AbstractWhiteBox, Encoding
from llms.causal_lm import CausalLM, Dtype, describe, load_causal_lm
from llms.generation import Row, generate_rows, sorted_batches
from llms.hidden_states import Pooling, hidden_states, pool_states, resolve_layer

Ids = tuple[int, ...]


class HuggingFaceWhiteBox(AbstractWhiteBox):
    """A causal language model of transformers, loaded at its first use and shared with a black box of the same name.

    It reads and continues raw text: no chat template, only the tokenizer's own special tokens in front.

    Args:
        model: ``embedded`` (the small model of this package), a folder, or a name on the Hugging Face Hub.
        layer: 1 is after the first block, -1 after the last one and the final norm, ``middle`` half-way.
        pooling: mean over a text's tokens, or its last token.
        dtype: precision of the weights; ``auto`` is the checkpoint's own on a GPU and float32 on a CPU.
        load_in_4bit: quantise to 4 bit with bitsandbytes; needs a GPU.
        load_in_8bit: quantise to 8 bit with bitsandbytes.
        device_map: where it runs, such as ``cpu``, ``cuda:1`` or ``auto``; None is the first GPU, if any, else the CPU.
        batch_size: texts that are read or continued at once.
    """

    def __init__(
        self,
        model: str = "embedded",
        layer: int | Literal["middle"] = "middle",
        pooling: Pooling = "mean",
        dtype: Dtype = "auto",
        load_in_4bit: bool = False,
        load_in_8bit: bool = False,
        device_map: str | None = None,
        batch_size: int = 64,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"Expected batch_size to be at least 1 but got {batch_size}")
        if pooling not in ("mean", "last"):
            raise ValueError(f"Expected pooling to be 'mean' or 'last' but got {pooling!r}")
        self._options = (model, dtype, load_in_4bit, load_in_8bit, device_map)
        self._layer = layer
        self._pooling: Pooling = pooling
        self._batch_size = batch_size

    @property
    def identity(self) -> str:
        """The weights, by content, their precision, the layer and the pooling."""
        return f"{describe(*self._options)}:layer={self._layer}:pooling={self._pooling}"

    @property
    def hidden_size(self) -> int:
        """d, from the model's config.

        Raises:
            ValueError: the layer does not exist; so this is known before anything is paid for.
        """
        resolve_layer(self._layer, self._lm.layer_count)
        return int(self._lm.model.config.get_text_config().hidden_size)

    @property
    def embedding_size(self) -> int:
        """e, the width of the input embedding's table."""
        return int(self._lm.model.get_input_embeddings().weight.shape[1])

    @property
    def embedding_scale(self) -> float:
        """Standard deviation over all entries of the input embedding's table."""
        return float(self._lm.model.get_input_embeddings().weight.float().std())

    @property
    def _lm(self) -> CausalLM:
        return load_causal_lm(*self._options)  # memoised

    def encode(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Encoding:
        """Hidden features of each text; context and text are tokenised apart, so that the boundary is exact.

        Where both do not fit the model, the context loses its beginning, first token aside, then the text.

        Raises:
            ValueError: the layer does not exist.
        """
        lm = self._lm
        layer = resolve_layer(self._layer, lm.layer_count)
        fronts = lm.tokenise([""] * len(texts) if contexts is None else contexts, special=True)
        owns = lm.tokenise(texts, special=False)
        limit = lm.context_length
        owns = [_fit(own, limit) for own in owns]
        fronts = [
            _fit(front, None if limit is None else limit - len(own)) for front, own in zip(fronts, owns, strict=True)
        ]
        lengths = [len(front) + len(own) for front, own in zip(fronts, owns, strict=True)]
        states = torch.zeros(len(texts), self.hidden_size)
        filled = [index for index, own in enumerate(owns) if own]
        for batch in sorted_batches([lengths[index] for index in filled], self._batch_size):
            rows = [filled[position] for position in batch]
            states[rows] = self._encode_batch(lm, layer, [fronts[i] for i in rows], [owns[i] for i in rows])
        return Encoding(states, torch.tensor([len(own) for own in owns], dtype=torch.int64))

    def _encode_batch(self, lm: CausalLM, layer: int, fronts: list[Ids], owns: list[Ids]) -> Tensor:
        """(b, d), float32, on the CPU; padded on the right, where a causal model never looks."""
        device = lm.input_device
        first = torch.tensor([len(front) for front in fronts], device=device)  # (b,)
        end = first + torch.tensor([len(own) for own in owns], device=device)  # (b,)
        ids = torch.full((len(owns), int(end.max())), lm.pad_id, device=device)  # (b, t)
        for row, (front, own) in enumerate(zip(fronts, owns, strict=True)):
            ids[row, : len(front) + len(own)] = torch.tensor(front + own)
        mask = (torch.arange(ids.shape[1], device=device) < end[:, None]).long()
        states = hidden_states(lm, ids, mask, layer)
        return pool_states(states, first.to(states.device), end.to(states.device), self._pooling).cpu()

    def generate(
        self,
        prompts: Sequence[str],
        *,
        seeds: Sequence[int],
        temperature: float = 0.0,
        max_new_tokens: int = 64,
        soft_prompts: Tensor | None = None,
        soft_prompt_position: Literal["prefix", "suffix"] = "prefix",
    ) -> list[str]:
        """Continues each prompt; a prefix stands before all of its embeddings, the first special token included.

        That is INSTINCT's concatenation. The layout is pad | soft | text for a prefix, pad | text | soft for a suffix.
        A prompt that does not fit the model loses its beginning, first token aside.

        Raises:
            ValueError: numbers or shapes that do not fit together.
        """
        if len(seeds) != len(prompts):
            raise ValueError(f"Expected one seed per prompt but got {len(seeds)} for {len(prompts)}")
        if soft_prompt_position not in ("prefix", "suffix"):
            raise ValueError(f"Expected a soft_prompt_position 'prefix' or 'suffix' but got {soft_prompt_position!r}")
        if not prompts:
            return []
        lm = self._lm
        soft = self._soft_rows(soft_prompts, len(prompts))
        first = soft_prompt_position == "prefix"
        taken = max_new_tokens + (0 if soft_prompts is None else soft_prompts.shape[1])
        limit = None if lm.context_length is None else lm.context_length - taken
        rows = [
            Row(_fit(ids, limit), seed, temperature, vectors, first)
            for ids, seed, vectors in zip(lm.tokenise(prompts, special=True), seeds, soft, strict=True)
        ]
        answers = generate_rows(lm, rows, max_new_tokens=max_new_tokens, batch_size=self._batch_size)
        return [lm.decode(ids) for ids in answers]

    def _soft_rows(self, soft_prompts: Tensor | None, count: int) -> list[Tensor | None]:
        if soft_prompts is None:
            return [None] * count
        if soft_prompts.dim() != 3 or (len(soft_prompts), soft_prompts.shape[2]) != (count, self.embedding_size):
            shape = tuple(soft_prompts.shape)
            raise ValueError(f"Expected soft_prompts of shape ({count}, s, {self.embedding_size}) but got {shape}")
        return list(soft_prompts.detach())


def _fit(ids: Ids, limit: int | None) -> Ids:
    """At most ``limit`` tokens: the first one, which may be special, and the end.

    >>> _fit((1, 5, 6, 7), 3)
    (1, 6, 7)
    """
    if limit is None or len(ids) <= limit:
        return ids
    return ids[:1] + ids[len(ids) - limit + 1 :] if limit > 1 else ids[:limit]
