"""Features, candidates and answers beside the bare model: ``python -m benchmarks.reading_and_writing``.

The embedded model on the quickstart's prompts. A ratio is our time over that of transformers' own calls for the same
work: below 1 where rows that have ended leave the batch and shared beginnings are read once.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch
from torch import Tensor

from benchmarks.landscape import sample
from benchmarks.timing import Measurement, compare, main
from duet.models.huggingface_black_box import HuggingFaceBlackBox
from duet.models.open_model.batching import TokenLimit
from duet.models.open_model.causal_lm import CausalLM, load_causal_lm
from duet.models.open_model.checkpoints import LoadOptions
from duet.models.open_model.generation import Row, generate_rows
from duet.models.open_model.hidden_states import decoder_blocks, resolve_layer
from duet.models.open_model.memory import CPU_TOKENS
from duet.models.open_model.prefill import right_padded
from duet.models.open_model.reading import ContextAndText, read_passages
from duet.prompts import answer_prompt, draw_demonstrations, induction_prompt
from duet.proposals.soft_prompts import SoftPrompts
from duet.tasks.task import Task

TASK = "alphabetically_first_word_last_two_letters"
CANDIDATES, PROBES, NEW_TOKENS, NAIVE_BATCH = 64, 4, 32, 10
BATCH_TOKENS = 16384


def passages(lm: CausalLM, task: Task) -> list[ContextAndText]:
    """Each instruction with each probe's prompt in front of an output answer, in no order."""
    splits = task.splits(0)
    texts = sample(task, HuggingFaceBlackBox(), CANDIDATES, 1, 0, 1.0).texts
    inputs = [example.input for example in splits.demonstrations[:PROBES]]
    prompts = [answer_prompt(text, given) for text in texts for given in inputs]
    random.Random(0).shuffle(prompts)
    answers = lm.tokenise([" ".join(example.outputs[:1]) for example in splits.demonstrations], special=False)
    fronts = lm.tokenise(prompts, special=True)
    return [ContextAndText(front, answers[place % len(answers)]) for place, front in enumerate(fronts)]


def dense(lm: CausalLM, rows: Sequence[ContextAndText]) -> list[Tensor]:
    """The same number of tokens in rows of equal length, (b, t) each: nothing is padded."""
    total = sum(map(len, rows))
    length = round(total / len(rows))
    ids = torch.randint(5, int(lm.model.config.vocab_size), (total // length, length))
    return list(torch.split(ids, max(1, CPU_TOKENS // length)))


@torch.no_grad()
def bare_forward(lm: CausalLM, batches: Sequence[Tensor], layer: int) -> None:
    """The first l layers and nothing else."""
    base = lm.model.base_model
    for ids in batches:
        states = base.embed_tokens(ids)
        turns = base.rotary_emb(states, position_ids=torch.arange(ids.shape[1])[None])
        for block in decoder_blocks(lm)[:layer]:
            states = block(states, position_embeddings=turns)


@torch.no_grad()
def naive_forward(lm: CausalLM, rows: Sequence[ContextAndText]) -> None:
    """All layers, all states kept, fixed batches in the given order."""
    for start in range(0, len(rows), NAIVE_BATCH):
        ids, mask = right_padded(lm, [torch.tensor(row.front + row.own) for row in rows[start : start + NAIVE_BATCH]])
        lm.model(input_ids=ids, attention_mask=mask, output_hidden_states=True, use_cache=False)


@torch.no_grad()
def plain_generate(lm: CausalLM, rows: Sequence[Row], new_tokens: int) -> None:
    """transformers' own generate on one left-padded batch."""
    table = lm.model.get_input_embeddings()
    parts = [table(torch.tensor(row.ids)) for row in rows]
    if rows[0].soft is not None:
        parts = [torch.cat([row.soft, part]) for row, part in zip(rows, parts, strict=True) if row.soft is not None]
    longest = max(map(len, parts))
    embeds = torch.stack([torch.nn.functional.pad(part, (0, 0, longest - len(part), 0)) for part in parts])
    mask = torch.tensor([[0] * (longest - len(part)) + [1] * len(part) for part in parts])
    ends = {"eos_token_id": list(lm.stop_ids), "pad_token_id": lm.pad_id}
    torch.manual_seed(0)
    sampled = rows[0].temperature > 0
    lm.model.generate(inputs_embeds=embeds, attention_mask=mask, max_new_tokens=new_tokens, do_sample=sampled, **ends)


def candidate_rows(lm: CausalLM, task: Task, *, fresh: bool, first: bool) -> list[Row]:
    """Returns what a search continues: demonstrations beside a soft prompt."""
    space, generator = SoftPrompts(), random.Random(0)
    examples = task.splits(0).demonstrations
    shared = draw_demonstrations(examples, 5, generator)
    shown = [draw_demonstrations(examples, 5, generator) if fresh else shared for _ in range(CANDIDATES)]
    ids = lm.tokenise([induction_prompt(demonstrations) for demonstrations in shown], special=True)
    vectors = space.vectors(space.global_points(CANDIDATES, 0), int(lm.model.get_input_embeddings().weight.shape[1]))
    return [
        Row(tokens, seed, 1.0, vector, first) for seed, (tokens, vector) in enumerate(zip(ids, vectors, strict=True))
    ]


def measure() -> list[Measurement]:
    """Every ratio, within one run."""
    lm, task = load_causal_lm(LoadOptions("embedded")), Task(TASK)
    layer, limit = resolve_layer("middle", lm.layer_count), TokenLimit(BATCH_TOKENS)
    rows = passages(lm, task)
    batches = dense(lm, rows)
    reading = compare({
        "ours": lambda: read_passages(lm, rows, layer=layer, pooling="mean", limit=limit),
        "bare": lambda: bare_forward(lm, batches, layer),
        "naive": lambda: naive_forward(lm, rows),
    }, repeats=5)  # fmt: skip
    fresh = candidate_rows(lm, task, fresh=True, first=True)
    before, after = (candidate_rows(lm, task, fresh=False, first=first) for first in (True, False))
    answers = [Row(row.front) for row in rows]
    writing = compare({
        "fresh": lambda: generate_rows(lm, fresh, max_new_tokens=NEW_TOKENS, limit=limit),
        "plain": lambda: plain_generate(lm, fresh, NEW_TOKENS),
        "prefix": lambda: generate_rows(lm, before, max_new_tokens=NEW_TOKENS, limit=limit),
        "suffix": lambda: generate_rows(lm, after, max_new_tokens=NEW_TOKENS, limit=limit),
        "answers": lambda: generate_rows(lm, answers, max_new_tokens=16, limit=limit),
        "plain answers": lambda: plain_generate(lm, answers, 16),
    }, repeats=5)  # fmt: skip
    return [
        Measurement("features / bare forward of l layers, no padding", reading["ours"], "s", reading["bare"],
                    "<= 1.11"),
        Measurement("features / naive: all layers, states kept, tens in given order", reading["ours"], "s",
                    reading["naive"]),
        Measurement("64 candidates under soft prompts / generate", writing["fresh"], "s", writing["plain"], "<= 1.11"),
        Measurement("256 answers / generate", writing["answers"], "s", writing["plain answers"], "<= 1.11"),
        Measurement("same demonstrations, soft prompt after them / before", writing["suffix"], "s", writing["prefix"]),
    ]  # fmt: skip


if __name__ == "__main__":
    main(measure)
