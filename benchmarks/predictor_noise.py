"""Measures how a predictor ranks instructions from noisy scores: ``python -m benchmarks.predictor_noise --data DIR``.

DIR holds landscapes: per task the recorded accuracy of 155 to 265 wordings with up to sixteen models. A landscape
counts if it has room for a search. In each, 40 wordings are drawn, scored by binomial draws, fitted, and the others are
ranked; the figure is Spearman's correlation with the recorded accuracy. Predictors see the same draws, so that
differences are paired; the standard error treats landscapes as independent.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import random
import statistics
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import torch
from scipy.stats import spearmanr
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel
from torch import Tensor

from benchmarks.predictor_fit import lightning_fit
from benchmarks.timing import markdown
from datamodules.instruction_pool import pool_batch, shrunk_scale, standardisation
from duet.models.ngram_encoder import NGramEncoder
from duet.pool import Candidate, Pool, ScoredInstruction
from lightning_modules.initial_weights import build_network, default_weights
from lightning_modules.losses import SIMILARITIES, WEIGHTS
from lightning_modules.objective import Objective, fit_network
from lightning_modules.reward_process import RewardProcess
from lightning_modules.score_predictor import ScorePredictor

TUNING = ("ends_with_word", "more_letters", "snarks", "navigate", "movie_recommendation")
ROOM, LEAST = 0.1, 0.3  # a landscape has room if so few come within 90 % of the best, and the best has so much
NETWORK: dict[str, Any] = {"uncertainty": "diagonal"}  # the network's own output
Predictor = Callable[[Pool, Tensor], Tensor]


@dataclass(frozen=True)
class Landscape:
    """A task with a model.

    Args:
        name: of both.
        features: (n, d), of its wordings.
        accuracy: (n,).
    """

    name: str
    features: Tensor
    accuracy: Tensor


def landscapes(path: Path) -> Iterator[Landscape]:
    """Those of a task's file that have room."""
    data = json.loads(path.read_text(encoding="utf-8"))
    features = NGramEncoder().encode([row["template"] for row in data["instructions"]]).states
    for column, model in enumerate(data["models"]):
        values = [row["accuracy"][column] for row in data["instructions"]]
        known = [row for row, value in enumerate(values) if value is not None]
        accuracy = torch.tensor([values[row] for row in known])
        near = (accuracy >= 0.9 * accuracy.max()).float().mean()
        if accuracy.max() >= LEAST and near <= ROOM:
            yield Landscape(f"{path.stem}/{model}", features[known], accuracy)


def draw(landscape: Landscape, size: int, examples: Sequence[int], seed: int) -> tuple[Pool, Tensor]:
    """A pool of ``size`` wordings, each on a number of examples out of ``examples``, and the other wordings."""
    generator = random.Random(f"{landscape.name}/{seed}")
    order = generator.sample(range(len(landscape.accuracy)), len(landscape.accuracy))
    rows = []
    for index in order[:size]:
        count, accuracy = generator.choice(examples), float(landscape.accuracy[index])
        scores = tuple(float(generator.random() < accuracy) for _ in range(count))
        candidate = Candidate(str(index), "initial", features=landscape.features[index])
        rows.append(ScoredInstruction(candidate, 0, scores, ("",) * count))
    return Pool(tuple(rows)), torch.tensor(order[size:])


def fitted(equal: bool = False, **settings: Any) -> Predictor:
    """The score predictor with these settings; ``equal`` forgets on how many examples a score stands."""

    def predict(pool: Pool, features: Tensor) -> Tensor:
        predictor: ScorePredictor = lightning_fit(equally_sure(pool) if equal else pool, **settings)[0]
        return predictor.predict(features)[0]

    return predict


class ReferenceProcess:
    """For reference: scikit-learn's, a squared exponential kernel, noise m (1 - m) / n, m the pool's mean.

    Args:
        pool: what it is fitted on; features are set.
    """

    def __init__(self, pool: Pool) -> None:
        self.mean, self.scale = shrunk_scale(pool.features())
        rewards = pool.rewards().double()
        right, counts = sum(sum(row.scores) for row in pool), torch.tensor([len(row.scores) for row in pool])
        rate = (right + 1) / (int(counts.sum()) + 2)
        variance = max(float(rewards.var(correction=0)), 1e-4)
        self.centre, self.spread = rewards.mean(), variance**0.5
        noise = rate * (1 - rate) / counts / variance
        kernel = ConstantKernel(1.0, (1e-2, 1e1)) * RBF(math.sqrt(len(self.mean)), (3.0, 300.0))
        self.process = GaussianProcessRegressor(kernel, alpha=noise.numpy(), random_state=0)
        self.process.fit(self._standardised(pool.features()), ((rewards - self.centre) / self.spread).numpy())

    def predict(self, features: Tensor) -> Tensor:
        """(n, d) -> mean (n,), standardised."""
        return torch.from_numpy(self.process.predict(self._standardised(features)))

    def predict_joint(self, features: Tensor, prior: Tensor) -> tuple[Tensor, Tensor]:
        """(n, d) -> mean (n,), covariance (n, n) of the rewards."""
        mean, covariance = self.process.predict(self._standardised(features), return_cov=True)
        rewards = torch.from_numpy(mean) * self.spread + self.centre
        return rewards.to(features), torch.from_numpy(covariance * self.spread**2).to(features)

    def _standardised(self, features: Tensor) -> Any:
        return ((features - self.mean) / self.scale).numpy()


def gaussian_process(pool: Pool, features: Tensor) -> Tensor:
    """The reference process."""
    return ReferenceProcess(pool).predict(features)


def process_alone(pool: Pool, features: Tensor) -> Tensor:
    """The default without the network's opinion."""
    batch, process = pool_batch(pool), RewardProcess(features.shape[1], depth=3)
    process.fit(batch["features"], batch["rewards_standardised"], batch["noise"], batch["prior"])
    return process.marginals((features - batch["feature_mean"]) / batch["feature_scale"], features[:, :0])[0]


def process_of_equals(pool: Pool, features: Tensor) -> Tensor:
    """The same, but every score is taken to stand on 20 examples."""
    return process_alone(equally_sure(pool), features)


def equally_sure(pool: Pool) -> Pool:
    """Forgets on how many examples a score stands."""
    return Pool(tuple(ScoredInstruction(row.candidate, 0, (row.score,) * 20, ("",) * 20) for row in pool))


def former_network(pool: Pool, features: Tensor) -> Tensor:
    """The network as it was before scores knew their noise: plainly standardised features, equal weights."""
    (mean, scale), batch = standardisation(pool.features()), pool_batch(pool)
    batch |= {"features": (pool.features() - mean) / scale, "weight": torch.ones(len(pool))}
    network = build_network(features.shape[1], depth=3, width=100)
    network.load_state_dict(default_weights(network, seed=0))
    objective = Objective(SIMILARITIES["sigmoid_cosine"], "all", WEIGHTS["balance"], alpha=0.1, beta=0.01)
    adam = torch.optim.Adam(network.parameters(), 1e-3, fused=True)
    fit_network(network, objective, batch, repeat(adam), steps=300, tolerance=0.01)
    with torch.no_grad():
        output: Tensor = network((features - mean) / scale).squeeze(-1)
    return output


PREDICTORS: dict[str, Predictor] = {
    "process and network (default)": fitted(),
    "the same, without similarity": fitted(weight="none"),
    "the same, similarity 1 instead of 0.1": fitted(alpha=1.0),
    "the same, the paper's balance": fitted(weight="balance", beta=0.01),
    "the same, every score equally sure": fitted(equal=True),
    "network": fitted(**NETWORK),
    "network without similarity": fitted(**NETWORK, weight="none"),
    "network, similarity 1 instead of 0.1": fitted(**NETWORK, alpha=1.0),
    "network, the paper's balance": fitted(**NETWORK, weight="balance", beta=0.01),
    "network, reward contrast": fitted(**NETWORK, similarity="reward_contrast", alpha=1.0),
    "network, every score equally sure": fitted(equal=True, **NETWORK),
    "process alone": process_alone,
    "process alone, every score equally sure": process_of_equals,
    "network as it was": former_network,
    "Gaussian process of scikit-learn": gaussian_process,
}


def correlation(predictor: Predictor, landscape: Landscape, size: int, examples: Sequence[int], seed: int) -> float:
    """Spearman's, over the wordings that were not scored; 0 where either side is constant."""
    pool, others = draw(landscape, size, examples, seed)
    predicted, accuracy = predictor(pool, landscape.features[others]), landscape.accuracy[others]
    if len(set(accuracy.tolist())) == 1 or len(set(predicted.tolist())) == 1:
        return 0.0
    return float(spearmanr(predicted.numpy(), accuracy.numpy()).statistic)


def row(name: str, values: Sequence[float], default: Sequence[float]) -> list[str]:
    """Mean and standard error, and those of the difference to the default, over landscapes."""

    def shown(numbers: Sequence[float]) -> str:
        return f"{statistics.fmean(numbers):.3f} ({statistics.stdev(numbers) / math.sqrt(len(numbers)):.3f})"

    return [name, shown(values), shown([value - other for value, other in zip(values, default, strict=True)])]


def main(argv: Sequence[str]) -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of landscapes")
    parser.add_argument("--tasks", choices=["tuning", "others", "all"], default="all", help="those chosen by, or not")
    parser.add_argument("--size", type=int, default=40, help="scored wordings")
    parser.add_argument("--examples", type=int, nargs="+", default=[20], help="per wording, drawn for each")
    parser.add_argument("--draws", type=int, default=2, help="per landscape")
    parser.add_argument("--predictors", nargs="+", choices=list(PREDICTORS), default=list(PREDICTORS))
    options = parser.parse_args(argv)
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    paths = [path for path in sorted(options.data.glob("*.json")) if options.tasks in ("all", kind(path))]
    found = [landscape for path in paths for landscape in landscapes(path)]
    table = {
        name: [
            statistics.fmean(
                correlation(PREDICTORS[name], landscape, options.size, options.examples, seed)
                for seed in range(options.draws)
            )
            for landscape in found
        ]
        for name in options.predictors
    }
    heads = [f"{len(found)} landscapes, {options.size} rows of {options.examples} examples", "rank correlation", "less"]
    default = next(iter(table.values()))
    sys.stdout.write(markdown(heads, [row(name, values, default) for name, values in table.items()]) + "\n")


def kind(path: Path) -> str:
    """Returns whether a task was one to choose settings by."""
    return "tuning" if path.stem in TUNING else "others"


if __name__ == "__main__":
    main(sys.argv[1:])
