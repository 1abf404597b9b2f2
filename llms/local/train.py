"""Trains the embedded language model from scratch, in two phases (``make train-local-model``).

Rows of packed examples with a block-diagonal causal mask; the loss is taken on answers only; Muon for the matrices of
the blocks and AdamW for embeddings and norms; the learning rate falls linearly with the share of the work that is done.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from llms.local import corpus, phrasings
from llms.local.grammar import draw
from llms.local.tokenizer import build, instruction_vocabulary
from tasks.generated import lexicon
from tasks.generated.families import FAMILIES

IGNORED = -100


def make_tokenizer(seed: int = 0, draws: int = 40) -> PreTrainedTokenizerFast:
    """The vocabulary is that of the training phrasings: as bare text and as a sentence."""
    generator = random.Random(seed)
    texts = []
    for name in phrasings.PRECISE:
        templates = phrasings.PRECISE[name] + phrasings.VAGUE[name] + corpus.WRAPPERS
        bare = [draw(template, generator).replace("{}", "") for template in templates for _ in range(draws)]
        texts += bare + [text[:1].upper() + text[1:] for text in bare]
    letters = "".join(sorted({c for table in (lexicon.GERMAN, lexicon.SPANISH, lexicon.FRENCH) for c in str(table)}))
    return build(instruction_vocabulary([*texts, *["The instruction was to"] * 3]), letters)


class PackedRows(IterableDataset[tuple[Tensor, ...]]):
    """Rows of packed examples.

    Yields:
        tokens, labels, positions, documents: (rows, length), int64. A label of -100 isn't learned; a document of -1 is padding.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, rows: int, length: int, seed: int, phase: int = 1) -> None:
        super().__init__()
        self.tokenizer, self.rows, self.length, self.seed = tokenizer, rows, length, seed + 1000 * (phase - 1)
        self.phase = corpus.PHASES[phase - 1]

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        source = self._tokenised()
        waiting: list[tuple[list[int], list[int]]] = []
        while True:
            batch = torch.full((4, self.rows, self.length), -1)
            batch[0], batch[1] = 0, IGNORED
            for row in range(self.rows):
                waiting += itertools.islice(source, max(0, 64 - len(waiting)))
                self._fill(batch[:, row], waiting)
            yield tuple(batch)

    def _tokenised(self) -> Iterator[tuple[list[int], list[int]]]:
        worker = get_worker_info()
        seed = self.seed + (7919 * worker.id if worker else 0)
        generator = random.Random(seed + 1)
        encode = self.tokenizer.backend_tokenizer.encode
        for parts in corpus.examples(seed, self.phase):
            tokens, labels = [self.tokenizer.bos_token_id], [IGNORED]
            induction = not parts[0].text.startswith("Instruction")
            if induction and generator.random() < 0.15:  # so that five unknown vectors in front do no harm
                tokens = [generator.randrange(3, len(self.tokenizer)) for _ in range(5)] + tokens
                labels = [IGNORED] * len(tokens)
            for part in parts:
                ids = encode(part.text, add_special_tokens=False).ids
                tokens += ids
                labels += ids if part.learned else [IGNORED] * len(ids)
            tokens.append(self.tokenizer.eos_token_id)
            labels.append(self.tokenizer.eos_token_id)
            if len(tokens) <= self.length:
                yield tokens, labels

    def _fill(self, row: Tensor, waiting: list[tuple[list[int], list[int]]]) -> None:
        start, document = 0, 0
        while (fitting := next((w for w in waiting if start + len(w[0]) <= self.length), None)) is not None:
            waiting.remove(fitting)
            end = start + len(fitting[0])
            row[0, start:end], row[1, start:end] = torch.tensor(fitting[0]), torch.tensor(fitting[1])
            row[2, start:end], row[3, start:end] = torch.arange(end - start), document
            start, document = end, document + 1
        row[2, start:] = 0


def loss_of(
    model: LlamaForCausalLM,
    forward: Callable[..., Any],
    tokens: Tensor,
    labels: Tensor,
    positions: Tensor,
    documents: Tensor,
) -> Tensor:
    """Mean cross-entropy over the learned tokens; each example sees only itself."""
    causal = torch.ones(tokens.shape[1], tokens.shape[1], dtype=torch.bool, device=tokens.device).tril()
    mask = ((documents[:, :, None] == documents[:, None, :]) & causal)[:, None]  # (rows, 1, length, length)
    with torch.autocast(tokens.device.type, dtype=torch.bfloat16):
        states = forward(input_ids=tokens, position_ids=positions, attention_mask=mask).last_hidden_state
        wanted = labels[:, 1:] != IGNORED
        logits = model.lm_head(states[:, :-1][wanted])
    return nn.functional.cross_entropy(logits.float(), labels[:, 1:][wanted])


def optimisers(model: LlamaForCausalLM, learning_rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the blocks' matrices, AdamW for the rest."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    rest = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    return [
        torch.optim.Muon(matrices, lr=learning_rate, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    ]


def make_model(arguments: argparse.Namespace, vocabulary: int) -> LlamaForCausalLM:
    """A fresh model, or the one of the phase before."""
    torch.manual_seed(arguments.seed)
    config = LlamaConfig(
        vocab_size=-(-vocabulary // 8) * 8, hidden_size=arguments.hidden_size, num_hidden_layers=arguments.layers,
        intermediate_size=arguments.intermediate_size, num_attention_heads=arguments.heads,
        num_key_value_heads=arguments.heads, max_position_embeddings=1024, tie_word_embeddings=True,
        pad_token_id=0, bos_token_id=1, eos_token_id=2, initializer_range=0.02,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    if arguments.start:
        former = LlamaForCausalLM.from_pretrained(arguments.start, dtype=torch.float32)
        model.load_state_dict(former.state_dict())
    model.to(arguments.device)
    return model


def rate_at(done: float, step: int, decay_from: float) -> float:
    """Share of the learning rate: a rise over 200 steps, then constant, then a straight fall to zero."""
    return min(1.0, (step + 1) / 200, (1 - done) / max(1e-9, 1 - decay_from))


def train(arguments: argparse.Namespace) -> None:
    """Trains one phase and saves bfloat16 weights and the facts of the run."""
    tokenizer = make_tokenizer()
    model = make_model(arguments, len(tokenizer))
    size = sum(parameter.numel() for parameter in model.parameters())
    print(f"{size / 1e6:.2f} M parameters, {len(tokenizer)} tokens, {len(FAMILIES)} families", flush=True)
    forward = torch.compile(model.model) if arguments.compile else model.model
    optimizers = optimisers(model, arguments.learning_rate)
    source = PackedRows(tokenizer, arguments.rows, arguments.length, arguments.seed, arguments.phase)
    rows = DataLoader(source, batch_size=None, num_workers=arguments.workers, prefetch_factor=16)
    start, seen, recent = time.monotonic(), 0, deque[float](maxlen=100)
    for step, batch in enumerate(itertools.islice(rows, arguments.steps)):
        rate = arguments.learning_rate * rate_at(step / arguments.steps, step, arguments.decay_from)
        for optimizer in optimizers:
            optimizer.param_groups[0]["lr"] = rate
        loss = loss_of(model, forward, *(tensor.to(arguments.device) for tensor in batch))
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        seen += int((batch[3] >= 0).sum())
        recent.append(loss.item())
        if step % 100 == 99:
            seconds = time.monotonic() - start
            print(f"step {step + 1} loss {sum(recent) / len(recent):.4f} {seen / seconds:.0f} tokens/s", flush=True)
        if step % arguments.save_every == arguments.save_every - 1:
            save(model, tokenizer, arguments.output)
    save(model, tokenizer, arguments.output)
    facts = {"parameters": size, "phase": arguments.phase, "steps": arguments.steps, "tokens": seen}
    facts |= {"seconds": round(time.monotonic() - start), "loss": round(sum(recent) / len(recent), 4)}
    (arguments.output / "training.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def save(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Writes a folder that transformers loads as it is; weights in bfloat16."""
    copy = LlamaForCausalLM(model.config)
    copy.load_state_dict(model.state_dict())  # on the CPU
    copy.bfloat16().save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def main(argv: list[str]) -> None:
    """Reads the arguments and trains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--phase", type=int, default=1, choices=[1, 2])
    parser.add_argument("--start", type=Path, help="folder of the weights to start from")
    parser.add_argument("--decay_from", type=float, default=0.5, help="share of the work after which the rate falls")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument(
        "--workers", type=int, default=1, help="processes that make text; more than 1 changes its order"
    )
    parser.add_argument("--hidden_size", type=int, default=256)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--intermediate_size", type=int, default=704)
    parser.add_argument("--rows", type=int, default=16)
    parser.add_argument("--length", type=int, default=384)
    parser.add_argument("--learning_rate", type=float, default=3e-3)
    parser.add_argument("--save_every", type=int, default=1000)
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    train(parser.parse_args(argv))


if __name__ == "__main__":
    main(sys.argv[1:])
