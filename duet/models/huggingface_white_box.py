"""An open model whose hidden states are read and whose input embeddings are set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from torch import Tensor

from duet.models.base import AbstractWhiteBox, Encoding
from duet.models.open_model.batching import TokenLimit
from duet.models.open_model.causal_lm import CausalLM, describe, load_causal_lm
from duet.models.open_model.checkpoints import LoadOptions
from duet.models.open_model.generation import Row, generate_rows
from duet.models.open_model.hidden_states import Pooling, check_pooling, resolve_layer
from duet.models.open_model.reading import encode_texts, keep_end


class HuggingFaceWhiteBox(AbstractWhiteBox):
    """A causal language model of transformers, loaded at its first use and shared with a black box of the same name.

    It reads and continues raw text: no chat template, only the tokenizer's own special tokens in front.

    Args:
        model: ``embedded`` (the small model of this package), a folder, or a name on the Hugging Face Hub.
        layer: 1 is after the first block, -1 after the last one and the final norm, ``middle`` half-way,
            a number between 0 and 1 that share of the way.
        pooling: mean over a text's tokens, or its last token.
        batch_tokens: most tokens that are read or continued at once, padding included; fewer where memory is short.
        options: precision and place, as `LoadOptions` has them.
    """

    def __init__(
        self,
        model: str = "embedded",
        layer: int | float | Literal["middle"] = "middle",
        pooling: Pooling = "mean",
        batch_tokens: int = 16384,
        **options: Any,
    ) -> None:
        self._options = LoadOptions(model, **options)
        self._layer = layer
        self._pooling = check_pooling(pooling)
        self._reading, self._writing = TokenLimit(batch_tokens), TokenLimit(batch_tokens)

    @property
    def identity(self) -> str:
        """The weights, by content, their precision, the layer and the pooling."""
        return f"{describe(self._options)}:layer={self._layer}:pooling={self._pooling}"

    @property
    def hidden_size(self) -> int:
        """d, from the model's config.

        Raises:
            ValueError: the layer does not exist; so this is known before anything is paid for.
        """
        resolve_layer(self._layer, self.lm.layer_count)
        return int(self.lm.model.config.get_text_config().hidden_size)

    @property
    def embedding_size(self) -> int:
        """e, the width of the input embedding's table."""
        return int(self.lm.model.get_input_embeddings().weight.shape[1])

    @property
    def lm(self) -> CausalLM:
        """The model, loaded at its first use."""
        return load_causal_lm(self._options)  # memoised

    def encode(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Encoding:
        """Hidden features of each text.

        Raises:
            ValueError: the layer does not exist.
        """
        layer = resolve_layer(self._layer, self.lm.layer_count)
        return encode_texts(self.lm, texts, contexts, layer=layer, pooling=self._pooling, limit=self._reading)

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
        lm = self.lm
        soft = self._soft_rows(soft_prompts, len(prompts))
        first = soft_prompt_position == "prefix"
        taken = max_new_tokens + (0 if soft_prompts is None else soft_prompts.shape[1])
        limit = None if lm.context_length is None else lm.context_length - taken
        rows = [
            Row(keep_end(ids, limit), seed, temperature, vectors, first)
            for ids, seed, vectors in zip(lm.tokenise(prompts, special=True), seeds, soft, strict=True)
        ]
        answers = generate_rows(lm, rows, max_new_tokens=max_new_tokens, limit=self._writing)
        return [lm.decode(ids) for ids in answers]

    def _soft_rows(self, soft_prompts: Tensor | None, count: int) -> list[Tensor | None]:
        if soft_prompts is None:
            return [None] * count
        if soft_prompts.dim() != 3 or (len(soft_prompts), soft_prompts.shape[2]) != (count, self.embedding_size):
            shape = tuple(soft_prompts.shape)
            raise ValueError(f"Expected soft_prompts of shape ({count}, s, {self.embedding_size}) but got {shape}")
        return list(soft_prompts.detach())
