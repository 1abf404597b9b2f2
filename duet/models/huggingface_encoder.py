"""The lower half of an open model: features as a white box gives them, at half the memory, and no writing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

from duet.models.base import AbstractEncoder, Encoding
from duet.models.open_model.batching import TokenLimit
from duet.models.open_model.causal_lm import CausalLM, count_layers, describe, load_causal_lm
from duet.models.open_model.checkpoints import LoadOptions
from duet.models.open_model.hidden_states import Pooling, check_pooling, resolve_layer
from duet.models.open_model.reading import encode_texts


class HuggingFaceEncoder(AbstractEncoder):
    """The first layers of a causal language model of transformers; the others are not read from disk.

    Its states are those of `HuggingFaceWhiteBox` bit for bit. For candidates that a black box writes.

    Args:
        model: ``embedded`` (the small model of this package), a folder, or a name on the Hugging Face Hub.
        layer: 1 is after the first block, -1 after the last one and the final norm, ``middle`` half-way,
            a number between 0 and 1 that share of the way.
        pooling: mean over a text's tokens, or its last token.
        batch_tokens: most tokens that are read at once, padding included; fewer where memory is short.
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
        self._limit = TokenLimit(batch_tokens)

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
        return int(self._lm.model.config.get_text_config().hidden_size)

    def encode(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Encoding:
        """Hidden features of each text.

        Raises:
            ValueError: the layer does not exist.
        """
        return encode_texts(self._lm, texts, contexts, layer=self._number, pooling=self._pooling, limit=self._limit)

    @cached_property
    def _number(self) -> int:
        return resolve_layer(self._layer, count_layers(self._options))

    @property
    def _lm(self) -> CausalLM:
        return load_causal_lm(self._options, layers=self._number)  # memoised
