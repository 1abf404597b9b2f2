"""Ways of searching a landscape: which strategy, predictor and features, and how calls are divided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from benchmarks.predictor_fit import lightning_fit
from benchmarks.predictor_noise import ReferenceProcess, equally_sure
from duet.evaluation.allocation import Allocation
from duet.models.base import AbstractEncoder
from duet.models.huggingface_white_box import HuggingFaceWhiteBox
from duet.models.ngram_encoder import NGramEncoder
from duet.models.sentence_encoder import SentenceEncoder
from duet.pool import Pool, ScoredInstruction
from duet.strategies.strategy import RewardPredictor
from lightning_modules.score_predictor import ScorePredictor

Features = Literal["n-grams", "embedded H", "sentence encoder"]


def default_predictor(pool: Pool) -> RewardPredictor:
    """The program's, as it is by default."""
    return lightning_fit(pool)[0]


def warm_predictor(checkpoint: str) -> Callable[[Pool], RewardPredictor]:
    """The default that starts from a former task's."""
    return lambda pool: lightning_fit(pool, init_from=checkpoint)[0]


def former_predictor(checkpoint: str) -> RewardPredictor:
    """What a search has before its first fit."""
    predictor = ScorePredictor(NGramEncoder().hidden_size, init_from=checkpoint)
    predictor.setup("fit")
    return predictor


def without_similarity(pool: Pool) -> RewardPredictor:
    """The default without L_sim in the loss."""
    return lightning_fit(pool, weight="none")[0]


def without_noise_weights(pool: Pool) -> RewardPredictor:
    """The default on a pool that forgot on how many examples each score stands."""
    return lightning_fit(equally_sure(pool))[0]


@dataclass(frozen=True)
class Way:
    """A way of searching.

    Args:
        strategy: who chooses.
        allocation: how calls are divided.
        options: of the strategy.
        predictor: fitted before each choice, where the strategy needs one.
        features: what the predictor sees of a wording.
        first: instructions at the start.
        steps: iterations, candidates and choices per iteration; None follows from the calls.
        choice: names the winner of a pool.
        white_box: whose success on four probes is known of every wording, a relative of the black box or a stranger.
        former: the checkpoint of a predictor that knows a former task; it chooses the first instructions.
        written: of how many first instructions it chooses; None leaves it no choice.
    """

    strategy: Literal["duet", "random", "instinct", "instruct_zero"] = "duet"
    allocation: Allocation = field(default_factory=Allocation)
    options: dict[str, Any] = field(default_factory=dict)
    predictor: Callable[[Pool], RewardPredictor] = default_predictor
    features: Features = "n-grams"
    first: int = 40
    steps: tuple[int, int, int] | None = None
    choice: Callable[[Pool], ScoredInstruction] = Pool.best
    white_box: Literal["relative", "stranger"] | None = None
    former: str | None = None
    written: int | None = None

    @property
    def former_predictor(self) -> RewardPredictor | None:
        """Knows the former task alone."""
        return former_predictor(self.former) if self.former else None

    @property
    def in_latent_space(self) -> bool:
        """Whether soft prompts are chosen, not texts."""
        return self.strategy in ("instinct", "instruct_zero")

    def shape(self, calls: int) -> tuple[int, int, int]:
        """Iterations, candidates and choices per iteration for this many calls."""
        if self.steps:
            return self.steps
        if self.allocation.kind == "fixed":
            return max(1, calls // self.allocation.examples - self.first), 30, 1
        return (4, 40, 10) if calls < 2000 else (6, 30, 15)


def highest_posterior_mean(pool: Pool) -> ScoredInstruction:
    """The winner by posterior mean alone."""
    return pool.ranked()[0]


FIXED = Allocation(kind="fixed")
WAYS: dict[str, Way] = {
    "duet": Way(),
    "halving, random choice": Way("random"),
    "fixed 20, random choice": Way("random", FIXED),
    "fixed 20, INSTINCT": Way("instinct", FIXED, first=1),
    "fixed 20, InstructZero": Way("instruct_zero", FIXED, first=1),
    "fixed 20, greedy": Way("duet", FIXED, {"acquisition": "greedy"}, first=10),
    "fixed 20, Duet's choice": Way("duet", FIXED, first=10),
    "duet, embedded model's H": Way(features="embedded H"),
    "duet, sentence encoder": Way(features="sentence encoder"),
    "duet, a relative's success known": Way(white_box="relative"),
    "duet, a stranger's success known": Way(white_box="stranger"),
    "duet without similarity": Way(predictor=without_similarity),
    "duet without noise weights": Way(predictor=without_noise_weights),
    "duet, Gaussian process": Way(predictor=ReferenceProcess),
    "duet, posterior mean alone": Way(choice=highest_posterior_mean),
    "halving, posterior mean alone": Way("random", choice=highest_posterior_mean),
}
DEFAULT_WAYS = list(WAYS)[:6]


@lru_cache
def encoder(features: Features, sentence_encoder: str) -> AbstractEncoder:
    """What gives the features.

    Args:
        features: their name.
        sentence_encoder: its folder, or its name on the Hugging Face Hub.
    """
    if features == "embedded H":
        return HuggingFaceWhiteBox("embedded")
    return SentenceEncoder(sentence_encoder) if features == "sentence encoder" else NGramEncoder()
