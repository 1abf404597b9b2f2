"""What a strategy is tested with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from duet.evaluation.evaluation import EvaluationConfig, Evaluator
from duet.examples.example import Example
from duet.features import FeatureExtractor, encoded
from duet.metrics.induction import induction_exact_match
from duet.models.base import AbstractBlackBox, AbstractEncoder
from duet.strategies.strategy import SearchContext


def make_context(
    black_box: AbstractBlackBox,
    encoder: AbstractEncoder,
    examples: Sequence[Example],
    *,
    seed: int = 0,
    proposer: AbstractBlackBox | None = None,
    evaluator: Evaluator | None = None,
    extractor: FeatureExtractor | None = None,
) -> SearchContext:
    """A context whose features are those of the instructions alone, unless an extractor says otherwise."""
    encode = partial(
        encoded,
        extractor=extractor or FeatureExtractor(outputs="none"),
        examples=examples,
        white_box=encoder,
        black_box=black_box,
    )
    return SearchContext(
        black_box,
        proposer or black_box,
        encoder,
        encode,
        examples,
        evaluator or Evaluator(black_box, examples, induction_exact_match, EvaluationConfig()),
        seed,
    )
