"""Reads texts with a causal model: the features of each over its own tokens, whatever stands before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from llms.base import Encoding
from llms.open_model.batching import TokenLimit, in_token_batches
from llms.open_model.causal_lm import CausalLM
from llms.open_model.hidden_states import Known, Pooling, hidden_states, pool_states
from llms.open_model.memory import activation_bytes
from llms.open_model.shared_prefixes import Ids, empty_cache, find_shared_prefixes, read_prefixes, right_padded

CPU_TOKENS = 2048  # of a batch on a CPU: larger ones leave its cache and pad more, and took up to 1.8 times as long


@dataclass(frozen=True)
class Passage:
    """A text and what stands before it.

    Args:
        front: tokens of the context.
        own: tokens of the text, at least one.
    """

    front: Ids
    own: Ids

    def __len__(self) -> int:
        return len(self.front) + len(self.own)


def encode_texts(
    lm: CausalLM,
    texts: Sequence[str],
    contexts: Sequence[str] | None,
    *,
    layer: int,
    pooling: Pooling,
    limit: TokenLimit,
) -> Encoding:
    """Features of each text; context and text are tokenised apart, so that the boundary is exact.

    Where both do not fit the model, the context loses its beginning, first token aside, then the text.
    """
    fronts = lm.tokenise([""] * len(texts) if contexts is None else contexts, special=True)
    owns = [keep_end(own, lm.context_length) for own in lm.tokenise(texts, special=False)]
    room = [None if lm.context_length is None else lm.context_length - len(own) for own in owns]
    passages = [Passage(keep_end(*pair), own) for pair, own in zip(zip(fronts, room, strict=True), owns, strict=True)]
    filled = [index for index, passage in enumerate(passages) if passage.own]
    states = torch.zeros(len(texts), int(lm.model.config.get_text_config().hidden_size))
    if filled:
        rows = [passages[index] for index in filled]
        states[filled] = read_passages(lm, rows, layer=layer, pooling=pooling, limit=limit)
    return Encoding(states, torch.tensor([len(own) for own in owns], dtype=torch.int64))


def read_passages(
    lm: CausalLM, passages: Sequence[Passage], *, layer: int, pooling: Pooling, limit: TokenLimit
) -> Tensor:
    """(n, d), float32, on the CPU.

    Raises:
        ProviderError: memory ran out with a single passage.
    """
    each = activation_bytes(lm.model.config, lm.model.dtype)
    rows = in_token_batches(
        [len(passage) for passage in passages],
        lambda batch: _read_batch(lm, [passages[index] for index in batch], layer, pooling).unbind(),
        limit,
        lambda: CPU_TOKENS if (room := lm.fitting(each)) is None else room,
    )
    return torch.stack(rows)


def _read_batch(lm: CausalLM, passages: Sequence[Passage], layer: int, pooling: Pooling) -> Tensor:
    """(b, d), float32, on the CPU."""
    shared = find_shared_prefixes([passage.front for passage in passages])
    cache = None if shared is None else empty_cache(lm)
    if shared is None or cache is None:
        return _pooled(lm, passages, layer, pooling, Known())
    mask = read_prefixes(lm, shared, cache, lambda ids, _: hidden_states(lm, ids, layer, Known(cache)))
    rests = [Passage(one.front[length:], one.own) for one, length in zip(passages, shared.lengths, strict=True)]
    return _pooled(lm, rests, layer, pooling, Known(cache, mask))


def _pooled(lm: CausalLM, passages: Sequence[Passage], layer: int, pooling: Pooling, known: Known) -> Tensor:
    """(b, d), float32, on the CPU."""
    ids, _ = right_padded(lm, [passage.front + passage.own for passage in passages])  # (b, t)
    states = hidden_states(lm, ids, layer, known)
    first = torch.tensor([len(passage.front) for passage in passages], device=states.device)  # (b,)
    end = torch.tensor([len(passage) for passage in passages], device=states.device)  # (b,)
    return pool_states(states, first, end, pooling).cpu()


def keep_end(ids: Ids, limit: int | None) -> Ids:
    """At most ``limit`` tokens: the first one, which may be special, and the end.

    >>> keep_end((1, 5, 6, 7), 3)
    (1, 6, 7)
    """
    if limit is None or len(ids) <= limit:
        return ids
    return ids[:1] + ids[len(ids) - limit + 1 :] if limit > 1 else ids[:limit]
