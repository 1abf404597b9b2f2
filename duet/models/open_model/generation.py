"""Batched generation in which a row depends on its own prompt and seed only, never on its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from duet.models.open_model.batching import FEW_BATCHES, TokenLimit
from duet.models.open_model.causal_lm import CausalLM
from duet.models.open_model.halves import in_halves
from duet.models.open_model.memory import held_at_once
from duet.models.open_model.prefill import empty_cache, prefill, read_beginnings, supports_prefix_cache

FINISHED_SHARE = 1 / 4  # of the rows of a batch: so many leave it together


@dataclass(frozen=True)
class Row:
    """One text to continue.

    Args:
        ids: the prompt's tokens.
        seed: of this row's own random stream.
        temperature: 0 is greedy.
        soft: (s, e), a soft prompt beside the tokens' embeddings, if any; all rows of a call have one or none has.
        soft_first: it stands before all tokens, the first special token included; otherwise after the last one.
        top_p: probability of the likeliest tokens that are drawn from; 1 draws from all.
    """

    ids: tuple[int, ...]
    seed: int = 0
    temperature: float = 0.0
    soft: Tensor | None = None
    soft_first: bool = True
    top_p: float = 1.0

    def __len__(self) -> int:
        return len(self.ids) + (0 if self.soft is None else len(self.soft))


class GumbelNoise:
    """A logits processor: logits / temperature plus Gumbel noise from each row's own generator.

    The largest is a draw from softmax(logits / temperature) (the Gumbel-max trick), so that a greedy decoder samples.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = list(rows)
        self._generators: list[torch.Generator] = []

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Args: scores: (b, v), logits. Returns: (b, v); greedy rows are as they came."""
        if not self._generators:
            self._generators = [torch.Generator(scores.device).manual_seed(row.seed % 2**63) for row in self._rows]
        noisy = scores.clone()
        drawn = [place for place, row in enumerate(self._rows) if row.temperature > 0]
        if drawn:
            generators = [self._generators[place] for place in drawn]
            noise = [torch.rand(scores.shape[-1], generator=source, device=scores.device) for source in generators]
            uniform = torch.stack(noise)  # (k, v), in [0, 1)
            temperatures = scores.new_tensor([self._rows[place].temperature for place in drawn])
            logits = nucleus(scores[drawn] / temperatures[:, None], [self._rows[place].top_p for place in drawn])
            noisy[drawn] = logits - torch.log(-torch.log(uniform))
        return noisy

    def keep(self, places: Sequence[int]) -> None:
        """Keeps these rows, in this order, with their random streams."""
        self._rows = [self._rows[place] for place in places]
        self._generators = [self._generators[place] for place in places]


def nucleus(logits: Tensor, top_p: Sequence[float]) -> Tensor:
    """Leaves the likeliest tokens whose probabilities first add up to top_p (Holtzman et al. 2020); others get -inf.

    Args:
        logits: (k, v).
        top_p: of each row; 1 leaves all.

    >>> nucleus(torch.tensor([[0.5, 0.3, 0.2]]).log(), [0.7]).exp()
    tensor([[0.5000, 0.3000, 0.0000]])
    """
    if min(top_p) >= 1:
        return logits
    ordered, order = logits.sort(dim=-1, descending=True)
    before = ordered.softmax(-1).cumsum(-1) - ordered.softmax(-1)  # probability of the likelier ones
    limits = logits.new_tensor([share if share < 1 else torch.inf for share in top_p])
    beyond = before >= limits[:, None]  # (k, v), in the order of probability
    return logits.masked_fill(torch.zeros_like(beyond).scatter(-1, order, beyond), -torch.inf)


class ManyFinished:
    """A stopping criterion: of the rows that are still written, enough have come to their end to continue without them.

    Args:
        stop_ids: the tokens that end a text.
        start: tokens in front of the new ones.
    """

    def __init__(self, stop_ids: Sequence[int], start: int) -> None:
        self._stop_ids, self._start = stop_ids, start

    def __call__(self, input_ids: Tensor, scores: Tensor, **_: Any) -> Tensor:
        """Args: input_ids: (b, t). Returns: (b,), all alike."""
        stop_ids = torch.tensor(self._stop_ids, device=input_ids.device)
        finished = torch.isin(input_ids[:, self._start :], stop_ids).any(dim=1)  # (b,)
        return (finished.sum() >= FINISHED_SHARE * len(finished)).expand(len(finished))


def length_error(lm: CausalLM, row_length: int, max_new_tokens: int) -> str | None:
    """Why a row can't be continued by ``max_new_tokens``, if it can't."""
    if row_length == 0:
        return "prompt has no tokens"
    limit = lm.context_length
    if limit is None or row_length + max_new_tokens <= limit:
        return None
    return f"prompt has {row_length} tokens and {max_new_tokens} may follow, the model takes {limit}"


def generate_rows(lm: CausalLM, rows: Sequence[Row], *, max_new_tokens: int, limit: TokenLimit) -> list[list[int]]:
    """Continues each row, in left-padded batches of similar length.

    Args:
        lm: the model.
        rows: what to continue.
        max_new_tokens: most tokens per row.
        limit: most tokens of a batch, prompts, padding and answers together.

    Returns:
        The new tokens of each row, in the rows' order, without the token that ended it.

    Raises:
        ValueError: a row is empty or does not fit the model.
        ProviderError: memory ran out with a single row.
    """
    for index, row in enumerate(rows):
        if reason := length_error(lm, len(row), max_new_tokens):
            raise ValueError(f"Expected prompts that the model can continue but in row {index} the {reason}")
    return in_halves(
        lm.model,
        [len(row) + max_new_tokens for row in rows],
        lambda batch: _generate_batch(lm, [rows[index] for index in batch], max_new_tokens, limit),
        limit,
        lambda: held_at_once(lm.model),
        FEW_BATCHES,  # every new token is a pass of its own
    )


@torch.no_grad()
def _generate_batch(lm: CausalLM, rows: Sequence[Row], max_new_tokens: int, limit: TokenLimit) -> list[list[int]]:
    """Writes all rows, each until its end; whenever many have come to theirs, the others continue without them."""
    noise = GumbelNoise(rows)
    inputs, cache = _prompts(lm, rows, max_new_tokens, limit)
    texts: list[list[int]] = [[] for _ in rows]
    writing = list(range(len(rows)))
    while writing:
        remaining = max_new_tokens - len(texts[writing[0]])
        new = _continue(lm, inputs, cache, noise, remaining)  # (b, k)
        for index, tokens in zip(writing, new.tolist(), strict=True):
            texts[index] += tokens
        unfinished = [place for place, tokens in enumerate(new.tolist()) if not any(i in lm.stop_ids for i in tokens)]
        going_on = fewest_moves(unfinished)
        if cache is None or new.shape[1] == remaining:
            break
        writing = [writing[place] for place in going_on]
        inputs = _rest(inputs, new, going_on)
        cache.batch_select_indices(torch.tensor(going_on, dtype=torch.int64))
        noise.keep(going_on)
    return [_cut(text, lm.stop_ids) for text in texts]


def fewest_moves(places: Sequence[int]) -> list[int]:
    """The places of some rows in the order in which most rows keep theirs: the last ones fill the gaps.

    >>> fewest_moves([0, 2, 4, 5])
    [0, 5, 2, 4]
    """
    staying, behind = set(places), [place for place in places if place >= len(places)]
    return [place if place in staying else behind.pop() for place in range(len(places))]


def _continue(lm: CausalLM, inputs: dict[str, Tensor], cache: Any, noise: GumbelNoise, count: int) -> Tensor:
    """(b, k), at most ``count`` new tokens for every row; what follows a row's end is padding."""
    transformers: Any = import_module("transformers")
    start = inputs["input_ids"].shape[1] if "input_ids" in inputs else 0  # of embeddings, generate returns nothing
    tokens: Tensor = lm.model.generate(  # derives position_ids from the mask, so that padding shifts nothing
        **inputs,
        **({} if cache is None else {"past_key_values": cache}),
        generation_config=transformers.GenerationConfig(
            max_new_tokens=count,
            do_sample=False,
            eos_token_id=list(lm.stop_ids) or None,
            pad_token_id=lm.pad_id,
        ),
        logits_processor=transformers.LogitsProcessorList([noise]),
        stopping_criteria=[] if cache is None else [ManyFinished(lm.stop_ids, start)],
    )
    return tokens[:, start:]


def _prompts(lm: CausalLM, rows: Sequence[Row], room: int, limit: TokenLimit) -> tuple[dict[str, Tensor], Any | None]:
    """Builds `generate`'s arguments, and the cache of what goes before: all but each row's last position."""
    whole = [_row_input(lm, row) for row in rows]
    if not supports_prefix_cache(lm) or max(map(len, whole)) == 1:
        return _left_padded(lm, whole), empty_cache(lm)
    soft, soft_first = rows[0].soft is not None, rows[0].soft_first
    parts = [part[:-1] for part in whole]
    tokens = [() if soft and soft_first else row.ids[: len(part)] for row, part in zip(rows, parts, strict=True)]
    beginnings = read_beginnings(lm, tokens, [len(part) for part in parts], limit)
    rests = [part[length:] for part, length in zip(parts, beginnings.lengths, strict=True)]
    known = prefill(lm, rests, limit, behind=beginnings, room=room)
    assert known.mask is not None
    inputs = {"attention_mask": torch.cat([known.mask, known.mask.new_ones(len(rows), 1)], dim=1)}
    if soft and not (soft_first and all(row.ids for row in rows)):  # vectors come with all their positions
        last = torch.stack([part[-1] for part in whole])  # (b, e)
        inputs["inputs_embeds"] = last.new_zeros(*inputs["attention_mask"].shape, last.shape[-1])
        inputs["inputs_embeds"][:, -1] = last
    else:
        inputs["input_ids"] = torch.tensor([row.ids[-1:] for row in rows], device=lm.input_device)
    return inputs, known.cache


def _rest(inputs: dict[str, Tensor], new: Tensor, places: Sequence[int]) -> dict[str, Tensor]:
    """The last token of the rows that continue, behind all that the cache has of them."""
    mask = torch.cat([inputs["attention_mask"], torch.ones_like(new)], dim=1)
    return {"input_ids": new[list(places), -1:], "attention_mask": mask[list(places)]}


def _left_padded(lm: CausalLM, parts: Sequence[Tensor]) -> dict[str, Tensor]:
    """``attention_mask`` (b, t) and either ``input_ids`` (b, t) or ``inputs_embeds`` (b, t, e)."""
    name, blank = ("input_ids", lm.pad_id) if parts[0].dim() == 1 else ("inputs_embeds", 0)
    batch = pad_sequence(list(parts), batch_first=True, padding_value=blank, padding_side="left")
    lengths = torch.tensor([len(part) for part in parts], device=batch.device)
    mask = torch.arange(batch.shape[1], device=batch.device) >= batch.shape[1] - lengths[:, None]
    return {name: batch, "attention_mask": mask.long()}


def _row_input(lm: CausalLM, row: Row) -> Tensor:
    """(t,) tokens, or (t, e) embeddings where there is a soft prompt."""
    ids = torch.tensor(row.ids, dtype=torch.int64, device=lm.input_device)
    if row.soft is None:
        return ids
    hard: Tensor = lm.model.get_input_embeddings()(ids)  # (t - s, e)
    soft = row.soft.to(hard)
    return torch.cat([soft, hard] if row.soft_first else [hard, soft])


def _cut(tokens: Sequence[int], stop_ids: Sequence[int]) -> list[int]:
    """The tokens before the first one that ends the text.

    >>> _cut([5, 6, 2, 0], stop_ids=[2])
    [5, 6]
    """
    ends = (index for index, token in enumerate(tokens) if token in stop_ids)
    return list(tokens[: next(ends, len(tokens))])
