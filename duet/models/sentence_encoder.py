"""Features from a small encoder model, such as one made for sentence similarity; a CPU is enough."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple

import torch
from torch import Tensor

from duet.models.base import AbstractEncoder, Encoding
from duet.models.open_model.batching import TokenLimit
from duet.models.open_model.causal_lm import describe, resolve_model
from duet.models.open_model.checkpoints import LoadOptions, read_weights, reading
from duet.models.open_model.halves import in_halves
from duet.models.open_model.hidden_states import pool_states
from duet.models.open_model.memory import read_at_once


class SentenceEncoder(AbstractEncoder):
    """Any encoder model of transformers: the mean of its last states over all tokens of a text.

    It reads each text by itself; where one does not fit the model, its end is cut off.

    Args:
        model: a folder or a name on the Hugging Face Hub, such as ``sentence-transformers/all-MiniLM-L6-v2``.
        batch_tokens: most tokens that are read at once, padding included; fewer where memory is short.
        options: precision and place, as `LoadOptions` has them.
    """

    def __init__(self, model: str, batch_tokens: int = 16384, **options: Any) -> None:
        self._options = LoadOptions(model, **options)
        self._limit = TokenLimit(batch_tokens)

    @property
    def identity(self) -> str:
        """The weights, by content, and their precision."""
        return f"{describe(self._options)}:sentence"

    @property
    def hidden_size(self) -> int:
        """d, from the model's config."""
        return int(self._parts.model.config.hidden_size)

    def encode(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Encoding:
        """Features of each text; contexts play no part, and tokens are counted without the special ones."""
        if not texts:
            return Encoding(torch.zeros(0, self.hidden_size), torch.zeros(0, dtype=torch.int64))
        model, tokenizer = self._parts
        ids = tokenizer(list(texts), truncation=True, max_length=_longest(model, tokenizer))["input_ids"]
        counts = [len(own) for own in tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]]
        states = in_halves(
            model,
            [len(row) for row in ids],
            lambda batch: self._read([ids[index] for index in batch]).unbind(),
            self._limit,
            lambda: read_at_once(model),
        )
        empty = torch.tensor([count == 0 for count in counts])
        return Encoding(torch.stack(states).masked_fill(empty[:, None], 0.0), torch.tensor(counts))

    @torch.no_grad()
    def _read(self, rows: Sequence[list[int]]) -> Tensor:
        """(b, d), float32, on the CPU."""
        model, tokenizer = self._parts
        ids = torch.full((len(rows), max(map(len, rows))), tokenizer.pad_token_id or 0)  # (b, t)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = torch.tensor(row)
        end = torch.tensor([len(row) for row in rows])  # (b,)
        mask = (torch.arange(ids.shape[1]) < end[:, None]).long()
        states = model(input_ids=ids.to(model.device), attention_mask=mask.to(model.device)).last_hidden_state
        end = end.to(states.device)
        return pool_states(states, torch.zeros_like(end), end, "mean").cpu()

    @property
    def _parts(self) -> _Parts:
        return _load(resolve_model(self._options.model), self._options.resolved())


class _Parts(NamedTuple):
    model: Any
    tokenizer: Any


@lru_cache(maxsize=2)
def _load(name: str, options: LoadOptions) -> _Parts:
    options.check_device()
    transformers: Any = import_module("transformers")
    with reading(name, options):
        tokenizer = transformers.AutoTokenizer.from_pretrained(name, trust_remote_code=options.trust_remote_code)
    return _Parts(read_weights(transformers.AutoModel, name, options), tokenizer)


def _longest(model: Any, tokenizer: Any) -> int:
    """Most tokens of a text: a tokenizer without a limit of its own states an enormous one."""
    return min(int(tokenizer.model_max_length), int(getattr(model.config, "max_position_embeddings", 512)))
