"""Batched generation in which a row depends on its own prompt and seed only, never on its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from llms.open_model.batching import TokenLimit, in_token_batches
from llms.open_model.causal_lm import CausalLM
from llms.open_model.memory import activation_bytes, cache_bytes
from llms.open_model.shared_prefixes import empty_cache, find_shared_prefixes, read_prefixes

FINISHED_SHARE = 1 / 4  # of the rows of a batch: so many leave it together
OVERHEAD = 10**6  # of a batch, in tokens: it goes through the model once per new token, so there are few batches


@dataclass(frozen=True)
class Row:
    """One text to continue.

    Args:
        ids: the prompt's tokens.
        seed: of this row's own random stream.
        temperature: 0 is greedy.
        soft: (s, e), a soft prompt beside the tokens' embeddings, if any; all rows of a call have one or none has.
        soft_first: it stands before all tokens, the first special token included; otherwise after the last one.
    """

    ids: tuple[int, ...]
    seed: int = 0
    temperature: float = 0.0
    soft: Tensor | None = None
    soft_first: bool = True

    def __len__(self) -> int:
        return len(self.ids) + (0 if self.soft is None else len(self.soft))


class GumbelNoise:
    """A logits processor: logits / temperature plus Gumbel noise from each row's own generator.

    The largest is a draw from softmax(logits / temperature) (the Gumbel-max trick), so that a greedy decoder samples.
    """

    def __init__(self, seeds: Sequence[int], temperatures: Sequence[float]) -> None:
        self._rows = [(seed % 2**63, temperature) for seed, temperature in zip(seeds, temperatures, strict=True)]
        self._generators: list[torch.Generator] = []

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Args: scores: (b, v), logits. Returns: (b, v); greedy rows are as they came."""
        if not self._generators:
            self._generators = [torch.Generator(scores.device).manual_seed(seed) for seed, _ in self._rows]
        noisy = scores.clone()
        for row, ((_, temperature), generator) in enumerate(zip(self._rows, self._generators, strict=True)):
            if temperature > 0:
                uniform = torch.rand(scores.shape[-1], generator=generator, device=scores.device)  # (v,), in [0, 1)
                noisy[row] = scores[row] / temperature - torch.log(-torch.log(uniform))
        return noisy

    def keep(self, places: Sequence[int]) -> None:
        """These rows stay, in this order, and go on with their streams."""
        self._rows = [self._rows[place] for place in places]
        self._generators = [self._generators[place] for place in places]


class ManyFinished:
    """A stopping criterion: of the rows that are still written, enough have come to their end to go on without them.

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


@torch.no_grad()
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
    config, dtype = lm.model.config, lm.model.dtype
    each = cache_bytes(config, dtype) + activation_bytes(config, dtype)
    return in_token_batches(
        [len(row) + max_new_tokens for row in rows],
        lambda batch: _generate_batch(lm, [rows[index] for index in batch], max_new_tokens),
        limit,
        lambda: lm.fitting(each),
        OVERHEAD,
    )


def _generate_batch(lm: CausalLM, rows: Sequence[Row], max_new_tokens: int) -> list[list[int]]:
    """Writes all rows, each until its end; whenever many have come to theirs, the others go on without them."""
    noise = GumbelNoise([row.seed for row in rows], [row.temperature for row in rows])
    cache = empty_cache(lm)
    inputs = _prompts(lm, rows, cache)
    texts: list[list[int]] = [[] for _ in rows]
    writing = list(range(len(rows)))
    while writing:
        remaining = max_new_tokens - len(texts[writing[0]])
        new = _continue(lm, inputs, cache, noise, remaining)  # (b, k)
        for index, tokens in zip(writing, new.tolist(), strict=True):
            texts[index] += tokens
        going_on = [place for place, tokens in enumerate(new.tolist()) if not any(i in lm.stop_ids for i in tokens)]
        if cache is None or new.shape[1] == remaining:
            break
        writing = [writing[place] for place in going_on]
        inputs = _rest(inputs, new, going_on)
        cache.batch_select_indices(torch.tensor(going_on, dtype=torch.int64))
        noise.keep(going_on)
    return [_cut(text, lm.stop_ids) for text in texts]


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


def _prompts(lm: CausalLM, rows: Sequence[Row], cache: Any | None) -> dict[str, Tensor]:
    """What `_left_padded` gives; beginnings that rows share are read into the cache, once each."""
    soft = rows[0].soft is not None
    if cache is None or (soft and rows[0].soft_first):
        return _left_padded(lm, rows)
    shared = find_shared_prefixes([row.ids if soft else row.ids[:-1] for row in rows])  # what comes next reads the rest
    if shared is None:
        return _left_padded(lm, rows)
    mask = read_prefixes(lm, shared, cache, lambda ids, mask: _read(lm, ids, mask, cache))
    rests = [replace(row, ids=row.ids[length:]) for row, length in zip(rows, shared.lengths, strict=True)]
    inputs = _left_padded(lm, rests)
    name = "input_ids" if "input_ids" in inputs else "inputs_embeds"
    blank = inputs[name].new_zeros((*mask.shape, *inputs[name].shape[2:]))  # the cache has these positions
    return {
        name: torch.cat([blank, inputs[name]], dim=1),
        "attention_mask": torch.cat([mask, inputs["attention_mask"]], dim=1),
    }


def _read(lm: CausalLM, ids: Tensor, mask: Tensor, cache: Any) -> None:
    lm.model.base_model(input_ids=ids, attention_mask=mask, past_key_values=cache, use_cache=True)


def _rest(inputs: dict[str, Tensor], new: Tensor, places: Sequence[int]) -> dict[str, Tensor]:
    """The last token of the rows that go on, behind all that the cache has of them."""
    mask = torch.cat([inputs["attention_mask"], torch.ones_like(new)], dim=1)
    return {"input_ids": new[list(places), -1:], "attention_mask": mask[list(places)]}


def _left_padded(lm: CausalLM, rows: Sequence[Row]) -> dict[str, Tensor]:
    """``attention_mask`` (b, t) and either ``input_ids`` (b, t) or ``inputs_embeds`` (b, t, e)."""
    parts = [_row_input(lm, row) for row in rows]  # each (t_i,) or (t_i, e)
    longest = max(len(part) for part in parts)
    fill = lm.pad_id if parts[0].dim() == 1 else 0
    batch = parts[0].new_full((len(parts), longest, *parts[0].shape[1:]), fill)
    mask = torch.zeros(len(parts), longest, dtype=torch.int64, device=lm.input_device)
    for index, part in enumerate(parts):
        batch[index, longest - len(part) :] = part
        mask[index, longest - len(part) :] = 1
    return {"input_ids" if batch.dim() == 2 else "inputs_embeds": batch, "attention_mask": mask}


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
