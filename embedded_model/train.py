"""Trains the embedded language model from scratch (``make train-local-model``).

Rows of packed examples with a block-diagonal causal mask; the loss is taken on answers only; Muon for the matrices of
the blocks and AdamW for embeddings and norms; the learning rate falls linearly with the share of the work that is done.
A family is drawn the more often, the more often the model is wrong on it.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from embedded_model import corpus, phrasings
from embedded_model.generators import lexicon
from embedded_model.generators.families import FAMILIES
from embedded_model.grammar import draw
from embedded_model.tokenizer import build, instruction_vocabulary

IGNORED = -100


@dataclass(frozen=True)
class Packed:
    """An example in tokens.

    Args:
        tokens: all of them.
        labels: as many; -100 where nothing is learned.
        family: as in `corpus.Drawn`.
    """

    tokens: list[int]
    labels: list[int]
    family: int


def make_tokenizer(seed: int = 0, draws: int = 20) -> PreTrainedTokenizerFast:
    """The vocabulary is that of the training phrasings: as bare text and as a sentence.

    Args:
        seed: of the draws.
        draws: from each template; one from each of a composite's, which are many and share their words.
    """
    generator = random.Random(seed)
    bare = [wrapper.replace("{}", "") for wrapper in corpus.WRAPPERS for _ in range(3)]
    for name in phrasings.PRECISE:
        for template in phrasings.PRECISE[name] + phrasings.VAGUE[name]:
            bare += [draw(template, generator) for _ in range(1 if phrasings.is_composite(name) else draws)]
    texts = [*bare, *(text[:1].upper() + text[1:] for text in bare), *["The instruction was to"] * 3]
    letters = "".join(sorted({c for table in (lexicon.GERMAN, lexicon.SPANISH, lexicon.FRENCH) for c in str(table)}))
    return build(instruction_vocabulary(texts), letters)


class PackedRows(IterableDataset[tuple[Tensor, ...]]):
    """Rows of packed examples; one batch in three has long rows, the others rows half as long and twice as many.

    Attention is quadratic in the row, and most examples are short.

    Yields:
        tokens, labels, positions, documents, families: (rows, length), int64. A label of -100 isn't learned, a document
        of -1 is padding, and a family of -1 has no error to learn from.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, rows: int, length: int, seed: int) -> None:
        super().__init__()
        self.tokenizer, self.rows, self.length, self.seed = tokenizer, rows, length, seed
        self.errors = torch.full((len(FAMILIES),), 0.5).share_memory_()  # type: ignore[no-untyped-call]  # the trainer keeps it up to date

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        source = self._tokenised()
        waiting: list[Packed] = []
        for number in itertools.count():
            rows, length = (self.rows, self.length) if number % 3 == 0 else (2 * self.rows, self.length // 2)
            batch = torch.full((5, rows, length), -1)
            batch[0], batch[1] = 0, IGNORED
            for row in range(rows):
                while sum(len(each.tokens) <= length for each in waiting) < 48:
                    waiting.append(next(source))
                self._fill(batch[:, row], waiting)
            yield tuple(batch)

    def _tokenised(self) -> Iterator[Packed]:
        worker = get_worker_info()
        seed = self.seed + (7919 * worker.id if worker else 0)
        generator = random.Random(seed + 1)
        encode = self.tokenizer.backend_tokenizer.encode
        for drawn in corpus.examples(seed, self.errors):
            tokens, labels = [self.tokenizer.bos_token_id], [IGNORED]
            induction = not drawn.parts[0].text.startswith("Instruction")
            if induction and generator.random() < 0.15:  # so that five unknown vectors in front do no harm
                tokens = [generator.randrange(3, len(self.tokenizer)) for _ in range(5)] + tokens
                labels = [IGNORED] * len(tokens)
            for part in drawn.parts:
                ids = encode(part.text, add_special_tokens=False).ids
                tokens += ids
                labels += ids if part.learned else [IGNORED] * len(ids)
            tokens.append(self.tokenizer.eos_token_id)
            labels.append(self.tokenizer.eos_token_id)
            if len(tokens) <= self.length:
                yield Packed(tokens, labels, drawn.family)

    def _fill(self, row: Tensor, waiting: list[Packed]) -> None:
        start, document, length = 0, 0, row.shape[1]
        while (fitting := next((each for each in waiting if start + len(each.tokens) <= length), None)) is not None:
            waiting.remove(fitting)
            end = start + len(fitting.tokens)
            row[0, start:end], row[1, start:end] = torch.tensor(fitting.tokens), torch.tensor(fitting.labels)
            row[2, start:end], row[3, start:end], row[4, start:end] = (
                torch.arange(end - start),
                document,
                fitting.family,
            )
            start, document = end, document + 1
        row[2, start:] = 0


def surprise_of(
    model: LlamaForCausalLM,
    forward: Callable[..., Any],
    tokens: Tensor,
    labels: Tensor,
    positions: Tensor,
    documents: Tensor,
) -> tuple[Tensor, Tensor]:
    """Cross-entropy of each learned token; each example sees only itself.

    Returns:
        (learned,) surprise in nats, and (rows, length - 1) which places' next token is learned.
    """
    causal = torch.ones(tokens.shape[1], tokens.shape[1], dtype=torch.bool, device=tokens.device).tril()
    mask = ((documents[:, :, None] == documents[:, None, :]) & causal)[:, None]  # (rows, 1, length, length)
    with torch.autocast(tokens.device.type, dtype=torch.bfloat16):
        states = forward(input_ids=tokens, position_ids=positions, attention_mask=mask).last_hidden_state
        wanted = labels[:, 1:] != IGNORED
        logits = model.lm_head(states[:, :-1][wanted])
    return nn.functional.cross_entropy(logits.float(), labels[:, 1:][wanted], reduction="none"), wanted


def note_errors(
    errors: Tensor, surprise: Tensor, wanted: Tensor, documents: Tensor, families: Tensor, keep: float = 0.98
) -> None:
    """Moves ``errors`` towards the share of answers that greedy writing would probably get wrong in this batch.

    An answer is right with probability exp(-surprise of its tokens); an example with several answers counts as their mean.

    Args:
        errors: (families,), changed in place.
        surprise: (learned,) as ``surprise_of`` returns it.
        wanted: (rows, length - 1), likewise.
        documents: (rows, length).
        families: (rows, length).
        keep: weight of what was known before, per example.
    """
    rows, most = len(documents), int(documents.max()) + 1
    place = torch.arange(rows, device=documents.device)[:, None] * most + documents[:, 1:]
    begins = wanted.clone()
    begins[:, 1:] &= ~wanted[:, :-1]
    total = torch.zeros(rows * most, device=surprise.device).index_add_(0, place[wanted], surprise)
    answers = torch.zeros(rows * most, device=surprise.device).index_add_(0, place[wanted], begins[wanted].float())
    family = torch.full((rows * most,), -1, device=families.device)
    family[place[wanted]] = families[:, 1:][wanted]
    wrong = 1 - torch.exp(-total / answers.clamp(min=1))
    for each in set(family.tolist()):
        if each >= 0:
            own = wrong[family == each].cpu()
            forget = keep ** len(own)
            errors[each] = forget * errors[each] + (1 - forget) * own.mean()


def optimisers(model: LlamaForCausalLM, learning_rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the blocks' matrices, AdamW for the rest."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    rest = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    return [
        torch.optim.Muon(matrices, lr=learning_rate, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    ]


def make_model(arguments: argparse.Namespace, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """A fresh model, or one that goes on from former weights."""
    torch.manual_seed(arguments.seed)
    config = LlamaConfig(
        vocab_size=-(-len(tokenizer) // 8) * 8, hidden_size=arguments.hidden_size, num_hidden_layers=arguments.layers,
        intermediate_size=arguments.intermediate_size, num_attention_heads=arguments.heads,
        num_key_value_heads=arguments.heads, max_position_embeddings=1024, tie_word_embeddings=True,
        pad_token_id=0, bos_token_id=1, eos_token_id=2, initializer_range=0.02,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    if arguments.start:
        start_from(model, tokenizer, arguments.start)
    model.to(arguments.device)
    return model


def start_from(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Takes over former weights; a token that the former vocabulary did not have keeps its first random embedding."""
    former = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)
    known = AutoTokenizer.from_pretrained(folder).get_vocab()
    embeddings = model.model.embed_tokens.weight.detach().clone()
    old = former.model.embed_tokens.weight.detach()
    for token, index in tokenizer.get_vocab().items():
        if token in known:
            embeddings[index] = old[known[token]]
    tied = ("model.embed_tokens.weight", "lm_head.weight")
    model.load_state_dict({**former.state_dict(), **dict.fromkeys(tied, embeddings)})


def rate_at(done: float, step: int, decay_from: float) -> float:
    """Share of the learning rate: a rise over 200 steps, then constant, then a straight fall to zero."""
    return min(1.0, (step + 1) / 200, (1 - done) / max(1e-9, 1 - decay_from))


def train(arguments: argparse.Namespace) -> None:
    """Trains one phase and saves bfloat16 weights and the facts of the run."""
    tokenizer = make_tokenizer()
    model = make_model(arguments, tokenizer)
    size = sum(parameter.numel() for parameter in model.parameters())
    print(f"{size / 1e6:.2f} M parameters, {len(tokenizer)} tokens, {len(FAMILIES)} families", flush=True)
    forward = torch.compile(model.model, dynamic=False) if arguments.compile else model.model
    optimizers = optimisers(model, arguments.learning_rate)
    source = PackedRows(tokenizer, arguments.rows, arguments.length, arguments.seed)
    rows = DataLoader(source, batch_size=None, num_workers=arguments.workers)
    start, seen, recent = time.monotonic(), 0, deque[float](maxlen=100)
    for step, batch in enumerate(itertools.islice(rows, arguments.steps)):
        rate = arguments.learning_rate * rate_at(step / arguments.steps, step, arguments.decay_from)
        for optimizer in optimizers:
            optimizer.param_groups[0]["lr"] = rate
        *inputs, families = (tensor.to(arguments.device) for tensor in batch)
        surprise, wanted = surprise_of(model, forward, *inputs)
        loss = surprise.mean()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        note_errors(source.errors, surprise.detach(), wanted, inputs[3], families)
        seen += int((batch[3] >= 0).sum())
        recent.append(loss.item())
        if step % 100 == 99:
            speed, wrong = seen / (time.monotonic() - start), source.errors.mean().item()
            print(
                f"step {step + 1} loss {sum(recent) / len(recent):.4f} wrong {wrong:.3f} {speed:.0f} tokens/s",
                flush=True,
            )
        if step % arguments.save_every == arguments.save_every - 1:
            save(model, tokenizer, arguments.output)
            worst = sorted(zip(source.errors.tolist(), (family.name for family in FAMILIES), strict=True), reverse=True)
            print(" ".join(f"{name}:{error:.2f}" for error, name in worst), flush=True)
    save(model, tokenizer, arguments.output)
    facts = {"parameters": size, "steps": arguments.steps, "tokens": seen, "follows_requests": False}
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
    parser.add_argument("--start", type=Path, help="folder of former weights to go on from")
    parser.add_argument("--decay_from", type=float, default=0.5, help="share of the work after which the rate falls")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument(
        "--workers",
        type=int,
        default=0,
        help="processes that make text; with any, the order of the text varies a little",
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
