"""Reads texts with a causal model: the features of each over its own tokens, whatever stands before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor

from duet.models.base import Encoding
from duet.models.open_model.batching import FEW_BATCHES, TokenLimit, in_token_batches
from duet.models.open_model.causal_lm import CausalLM
from duet.models.open_model.halves import in_halves
from duet.models.open_model.hidden_states import Pooling, PrefixCache, hidden_states, pool_states
from duet.models.open_model.memory import held_at_once, read_at_once
from duet.models.open_model.prefill import read_beginnings, right_padded
from duet.models.open_model.shared_prefixes import Ids


@dataclass(frozen=True)
class ContextAndText:
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
    passages = [
        ContextAndText(keep_end(*pair), own) for pair, own in zip(zip(fronts, room, strict=True), owns, strict=True)
    ]
    filled = [index for index, passage in enumerate(passages) if passage.own]
    states = torch.zeros(len(texts), int(lm.model.config.get_text_config().hidden_size))
    if filled:
        rows = [passages[index] for index in filled]
        states[filled] = read_passages(lm, rows, layer=layer, pooling=pooling, limit=limit)
    return Encoding(states, torch.tensor([len(own) for own in owns], dtype=torch.int64))


def read_passages(
    lm: CausalLM, passages: Sequence[ContextAndText], *, layer: int, pooling: Pooling, limit: TokenLimit
) -> Tensor:
    """(n, d), float32, on the CPU.

    Raises:
        ProviderError: memory ran out with a single passage.
    """
    average = ceil(sum(map(len, passages)) / max(1, len(passages)))
    rows = in_halves(
        lm.model,
        [average] * len(passages),  # in their order, where neighbours begin alike; what is held of them is not padded
        lambda batch: _read_together(lm, [passages[index] for index in batch], layer, pooling, limit),
        limit,
        lambda: held_at_once(lm.model),
        FEW_BATCHES,
    )
    return torch.stack(rows)


def _read_together(
    lm: CausalLM, passages: Sequence[ContextAndText], layer: int, pooling: Pooling, limit: TokenLimit
) -> list[Tensor]:
    """(d,) of each, float32, on the CPU; the beginnings that contexts share are read first."""
    fronts = [passage.front for passage in passages]
    beginnings = read_beginnings(lm, fronts, [len(passage) for passage in passages], limit, layer)
    rests = [
        ContextAndText(passage.front[length:], passage.own)
        for passage, length in zip(passages, beginnings.lengths, strict=True)
    ]

    def read(rows: list[int]) -> Sequence[Tensor]:
        chosen = [rests[row] for row in rows]
        return _pooled(lm, chosen, layer, pooling, beginnings.of(rows, room=max(map(len, chosen))))

    return in_token_batches([len(rest) for rest in rests], read, limit, lambda: read_at_once(lm.model))


def _pooled(
    lm: CausalLM, passages: Sequence[ContextAndText], layer: int, pooling: Pooling, known: PrefixCache
) -> Sequence[Tensor]:
    """(d,) of each, float32, on the CPU."""
    ids, _ = right_padded(lm, [torch.tensor(passage.front + passage.own) for passage in passages])  # (b, t)
    states = hidden_states(lm, ids, layer, known)
    first = torch.tensor([len(passage.front) for passage in passages], device=states.device)  # (b,)
    end = torch.tensor([len(passage) for passage in passages], device=states.device)  # (b,)
    return pool_states(states, first, end, pooling).cpu().unbind()


def keep_end(ids: Ids, limit: int | None) -> Ids:
    """At most ``limit`` tokens: the first one, which may be special, and the end.

    >>> keep_end((1, 5, 6, 7), 3)
    (1, 6, 7)
    """
    if limit is None or len(ids) <= limit:
        return ids
    return ids[:1] + ids[len(ids) - limit + 1 :] if limit > 1 else ids[:limit]
