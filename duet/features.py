"""Fused embeddings: z(u) = AvgPool([H(u); O(u)]) of an instruction and the output that belongs to it (section 3.2).

Or O(u) alone, our default: read after the instruction, an answer holds of it what it makes a model do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from duet.examples.example import Example
from duet.metrics.custom import ScoreFunction
from duet.models.base import (
    NOT_SENT,
    AbstractBlackBox,
    AbstractEncoder,
    AbstractWhiteBox,
    CallFailure,
    Completion,
    Encoding,
    Outcome,
    Request,
)
from duet.models.errors import BudgetSpent, ProviderError
from duet.pool import Candidate
from duet.prompts import AnswerPrompt

OutputSource = Literal["white_box", "black_box", "none"]
Fusion = Literal["output", "mean", "concat", "adjacent", "tokens"]


def fuse(instructions: Encoding, outputs: Encoding, fusion: Fusion) -> Tensor:
    """Fuses H (n, d) and O (n, d).

    Args:
        instructions: H(u), with the number of tokens behind each row.
        outputs: O(u), likewise.
        fusion: ``output``, O alone, (n, d); ``mean`` of the pair, (n, d); ``concat``, (n, 2d); ``adjacent``, the pair
            side by side and neighbours averaged, (n, d); ``tokens``, the mean over the tokens of both, (n, d).

    >>> two = lambda a, b, n: Encoding(torch.tensor([[a, b]]), torch.tensor([n]))
    >>> [fuse(two(0.0, 2.0, 1), two(4.0, 4.0, 3), kind).tolist() for kind in ("output", "mean", "adjacent", "tokens")]
    [[[4.0, 4.0]], [[2.0, 3.0]], [[1.0, 4.0]], [[3.0, 3.5]]]
    """
    if fusion == "output":
        return outputs.states
    pair = torch.stack([instructions.states, outputs.states], dim=1)  # (n, 2, d)
    if fusion == "mean":
        return pair.mean(dim=1)
    if fusion == "concat":
        return pair.flatten(1)
    if fusion == "adjacent":
        return pair.view(len(pair), -1, 2).mean(dim=2)
    counts = torch.stack([instructions.token_counts, outputs.token_counts], dim=1)[:, :, None]  # (n, 2, 1)
    return (pair * counts).sum(dim=1) / counts.sum(dim=1).clamp_min(1)


def require_white_box(encoder: AbstractEncoder | None, purpose: str) -> AbstractWhiteBox:
    """The encoder, if it can write too.

    Args:
        encoder: what stands under ``white_box``.
        purpose: what it is to write, and what to set instead.

    Raises:
        ValueError: it only gives features.
    """
    if isinstance(encoder, AbstractWhiteBox):
        return encoder
    found = "there is none" if encoder is None else f"{type(encoder).__name__} only reads"
    raise ValueError(f"white_box: expected a model that writes {purpose} but {found}")


class Extracted(NamedTuple):
    """What is extracted of n instructions.

    Args:
        features: (n, width), the fused embeddings.
        prior: of each, what its answers say of the reward for nothing; empty if nothing.
    """

    features: Tensor
    prior: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class FeatureExtractor:
    """Turns instructions into fused embeddings.

    Args:
        outputs: source of O: the white box answers the instruction on the probe inputs; or the black box does (paid
            for candidates); or none (the ablation "without output representation").
        fusion: how H and O become one vector; without O it plays no part.
        probes: how many demonstration inputs the instruction is tried on for O.
        max_new_tokens: most tokens of such an answer.
    """

    outputs: OutputSource = "white_box"
    fusion: Fusion = "output"
    probes: int = 4
    max_new_tokens: int = 24

    def __post_init__(self) -> None:
        if self.probes < 1 or self.max_new_tokens < 1:
            raise ValueError(
                f"Expected probes and max_new_tokens of at least 1 but got {self.probes}, {self.max_new_tokens}"
            )

    def width(self, hidden_size: int) -> int:
        """Width of the fused embedding for a white box with states of ``hidden_size``."""
        return 2 * hidden_size if self.fusion == "concat" and self.outputs != "none" else hidden_size

    def check(self, white_box: AbstractEncoder | None) -> None:
        """Checks, before anything is paid for, that it can work with this white box.

        Raises:
            ValueError: it can't.
        """
        if white_box is None:
            raise ValueError("white_box: expected a model or an encoder that gives features but there is none")
        if self.outputs == "white_box":
            require_white_box(white_box, "output answers (else search.extractor.outputs: black_box, or none)")

    def extract(
        self,
        texts: Sequence[str],
        examples: Sequence[Example],
        white_box: AbstractEncoder,
        black_box: AbstractBlackBox,
        prompt: AnswerPrompt = AnswerPrompt(),
        metric: ScoreFunction | None = None,
    ) -> Extracted:
        """The fused embeddings of n instructions, tried on the first ``probes`` of the examples.

        Args:
            texts: the instructions.
            examples: their inputs are the probes.
            white_box: reads, and answers if it can write.
            black_box: answers with ``outputs: black_box``.
            prompt: how an instruction is put to either.
            metric: scores the white box's own answers, which says something of the black box's if they are relatives.
        """
        self.check(white_box)
        nothing = ((),) * len(texts)
        if self.outputs == "none":
            return Extracted(self._instructions(texts, white_box, prompt).states, nothing)
        requests = [
            prompt.request(text, example, self.max_new_tokens) for text in texts for example in examples[: self.probes]
        ]
        answers = self._answers(requests, white_box, black_box)
        prompts = [request.prompt for request in requests]
        outputs = _mean_by_group(white_box.encode(answers, prompts), len(texts))
        unread = self.fusion == "output"  # H plays no part
        fused = fuse(outputs if unread else self._instructions(texts, white_box, prompt), outputs, self.fusion)
        if metric is None or self.outputs != "white_box":
            return Extracted(fused, nothing)
        probes = [example.outputs for example in examples[: self.probes]] * len(texts)
        scores = [float(metric(answer.strip(), accepted)) for answer, accepted in zip(answers, probes, strict=True)]
        size = len(scores) // len(texts)
        return Extracted(fused, tuple((fmean(scores[row * size : (row + 1) * size]),) for row in range(len(texts))))

    def _instructions(self, texts: Sequence[str], white_box: AbstractEncoder, prompt: AnswerPrompt) -> Encoding:
        """H, read where an instruction stands in the prompt."""
        head = prompt.text("\0", Example("", ("",))).split("\0")[0]
        return white_box.encode([" " + text for text in texts], [head.rstrip(" ")] * len(texts))

    def _answers(
        self, requests: Sequence[Request], white_box: AbstractEncoder, black_box: AbstractBlackBox
    ) -> list[str]:
        if isinstance(white_box, AbstractWhiteBox) and self.outputs == "white_box":
            prompts = [request.prompt for request in requests]
            return white_box.generate(prompts, seeds=[0] * len(prompts), max_new_tokens=self.max_new_tokens)
        outcomes = black_box.complete(requests)
        _check_all_answered(outcomes)
        texts = [outcome.text if isinstance(outcome, Completion) else "" for outcome in outcomes]
        return [f" {text.lstrip()}" if text.strip() else "" for text in texts]  # as it would follow the prompt


def encoded(
    candidates: Sequence[Candidate],
    extractor: FeatureExtractor,
    examples: Sequence[Example],
    white_box: AbstractEncoder | None,
    black_box: AbstractBlackBox,
    prompt: AnswerPrompt = AnswerPrompt(),
    metric: ScoreFunction | None = None,
) -> list[Candidate]:
    """Sets the fused embedding of each candidate that has none, and what is known of it beforehand, once for each text.

    Raises:
        ValueError: there is no encoder.
    """
    texts = list(dict.fromkeys(candidate.text for candidate in candidates if candidate.features is None))
    if not texts:
        return list(candidates)
    extractor.check(white_box)
    assert white_box is not None  # by the check
    features, prior = extractor.extract(texts, examples, white_box, black_box, prompt, metric)
    found = {text: (row.clone(), each) for text, row, each in zip(texts, features, prior, strict=True)}

    def with_what_is_found(candidate: Candidate) -> Candidate:
        if candidate.features is not None:
            return candidate
        row, known = found[candidate.text]
        return replace(candidate, features=row, prior=known or candidate.prior)  # one that brings its own keeps it

    return [with_what_is_found(candidate) for candidate in candidates]


def _check_all_answered(outcomes: Sequence[Outcome]) -> None:
    """A model that refuses has said nothing, which is a feature; an answer that only failed to come is none."""
    for outcome in outcomes:
        if outcome == NOT_SENT:
            raise BudgetSpent("Time ran out before an output answer")
        if isinstance(outcome, CallFailure) and not outcome.is_final:
            raise ProviderError(f"An output answer is missing ({outcome.reason}); start again to request the rest")


def _mean_by_group(encoding: Encoding, groups: int) -> Encoding:
    """Token-weighted mean of each of ``groups`` equal runs of rows; a group without any token is zero."""
    counts = encoding.token_counts.view(groups, -1)  # (groups, k)
    states = encoding.states.view(groups, counts.shape[1], -1)  # (groups, k, d)
    total = counts.sum(dim=1)
    mean = (states * counts[:, :, None]).sum(dim=1) / total.clamp_min(1)[:, None]
    return Encoding(mean, total)
