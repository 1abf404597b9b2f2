"""The predictor: alone, and fitted by a Lightning trainer on a pool that grows."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional

from callbacks.checkpoint_io import AtomicCheckpointIO
from datamodules.instruction_pool import InstructionPool, pool_batch
from duet.pool import Candidate, Pool, ScoredInstruction
from lightning_modules.evidence import CONSTANT, SIGNAL
from lightning_modules.objective import Losses, representation
from lightning_modules.score_predictor import ScorePredictor

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec.* is deprecated:FutureWarning"),  # Lightning 2.6 under torch 2.13
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty:UserWarning"),  # on a resume
]

WIDTH = 16


def _truth(features: Tensor) -> Tensor:
    """A reward in [0, 1], not linear in the features."""
    return torch.sigmoid(features[:, 0] * 1.5 + features[:, 1] - 0.5 * features[:, 2].square())


def _features(rows: int, seed: int) -> Tensor:
    """(n, d)."""
    return torch.randn(rows, WIDTH, generator=torch.Generator().manual_seed(seed))


def _observations(rows: int, seed: int, iteration: int = 0) -> list[ScoredInstruction]:
    features = _features(rows, seed)
    candidates = [Candidate(f"{seed} {i}", "initial", features=row * 3 + 5) for i, row in enumerate(features)]
    rewards = _truth(features).tolist()
    return [ScoredInstruction(c, iteration, (r,), ("",)) for c, r in zip(candidates, rewards, strict=True)]


class GrowingSearch(Callback):
    """Pays for initial rows once, then for one row per epoch; notes what it saw."""

    def __init__(self) -> None:
        self.fitted: list[dict[str, Tensor]] = []
        self.files: list[bool] = []
        self.predicted: list[tuple[Tensor, Tensor]] = []

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        data: InstructionPool = trainer.datamodule  # type: ignore[attr-defined]
        if len(data.pool) == 0:
            data.pool = data.pool + _observations(60, seed=0)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.current_epoch > 0:
            self.files.append(Path(trainer.default_root_dir, "last.ckpt").is_file())

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, ScorePredictor)
        data: InstructionPool = trainer.datamodule  # type: ignore[attr-defined]
        self.fitted.append({name: value.clone() for name, value in pl_module.state_dict().items()})
        self.predicted.append(pl_module.predict(data.pool.features()))
        data.pool = data.pool + _observations(1, seed=trainer.current_epoch + 1, iteration=data.pool.iteration)


def _trainer(folder: Path, epochs: int, search: GrowingSearch) -> Trainer:
    checkpoint = ModelCheckpoint(
        folder, filename="last", save_top_k=1, enable_version_counter=False, save_on_train_epoch_end=True
    )
    return Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        callbacks=[search, checkpoint],
        plugins=[AtomicCheckpointIO()],
    )


def _fit(folder: Path, epochs: int, resume: bool = False, **arguments: Any) -> Fit:
    search, data = GrowingSearch(), InstructionPool()
    predictor = ScorePredictor(WIDTH, **arguments)
    trainer = _trainer(folder, epochs, search)
    trainer.fit(predictor, datamodule=data, ckpt_path=str(folder / "last.ckpt") if resume else None)
    return Fit(trainer, predictor, data, search)


class Fit:
    """What a fit leaves behind."""

    def __init__(
        self, trainer: Trainer, predictor: ScorePredictor, data: InstructionPool, search: GrowingSearch
    ) -> None:
        self.trainer, self.predictor, self.data, self.search = trainer, predictor, data, search


@pytest.fixture(scope="module")
def two_epochs(tmp_path_factory: pytest.TempPathFactory) -> Fit:
    return _fit(tmp_path_factory.mktemp("run"), epochs=2)


def _bare_fit(pool: Pool, steps: int, tolerance: float = 0.01) -> dict[str, Tensor]:
    """The default fit written out: PyTorch, the loss, Adam, until ten regression losses lie close together."""
    batch = pool_batch(pool)
    torch.manual_seed(0)
    layers = [nn.Linear(WIDTH, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU()]
    body, head = nn.Sequential(*layers), nn.Linear(100, 1)
    network = nn.Sequential(*body, head)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True)
    losses: list[float] = []
    while len(losses) < steps and not (len(losses) > 9 and max(losses[-10:]) - min(losses[-10:]) <= tolerance):
        optimizer.zero_grad()
        phi = body(batch["features"])
        errors = (head(phi).squeeze(1) - batch["rewards_standardised"]).square()
        regression = (batch["weight"] * errors).mean()
        best = phi[batch["best_index"]].detach()
        similarity = (1 - torch.sigmoid(functional.cosine_similarity(phi, best[None]))).mean()
        norms = [torch.autograd.grad(loss, phi, retain_graph=True)[0].norm() for loss in (regression, similarity)]
        (regression + 0.1 * norms[0] / norms[1] * similarity).backward()
        optimizer.step()
        losses.append(regression.item())
    return {f"network.{name}": value for name, value in network.state_dict().items()}


def _weights(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value for name, value in state.items() if name.startswith("network.")}


@pytest.mark.parametrize("epoch", [0, 1])
def test_each_epoch_fits_anew_to_the_weights_of_a_bare_loop_bit_for_bit(two_epochs: Fit, epoch: int) -> None:
    pool = Pool(two_epochs.data.pool.observations[: 60 + epoch])
    torch.testing.assert_close(_weights(two_epochs.search.fitted[epoch]), _bare_fit(pool, steps=300), rtol=0, atol=0)


def test_without_tolerance_the_fit_takes_all_steps(tmp_path: Path) -> None:
    fit = _fit(tmp_path, epochs=1, steps=200, tolerance=0)
    expected = _bare_fit(Pool(tuple(_observations(60, 0))), steps=200, tolerance=-1)
    torch.testing.assert_close(_weights(fit.search.fitted[0]), expected, rtol=0, atol=0)


def test_more_steps_than_the_loss_needs_change_nothing(two_epochs: Fit, tmp_path: Path) -> None:
    more = _fit(tmp_path, epochs=1, steps=1000)
    torch.testing.assert_close(more.search.fitted[0], two_epochs.search.fitted[0], rtol=0, atol=0)


def test_fewer_steps_than_make_a_window_are_all_taken(tmp_path: Path) -> None:
    fit = _fit(tmp_path, epochs=1, steps=3)
    expected = _bare_fit(Pool(tuple(_observations(60, 0))), steps=3)
    torch.testing.assert_close(_weights(fit.search.fitted[0]), expected, rtol=0, atol=0)
    assert fit.trainer.global_step == 1  # the one that Lightning counts


def test_every_epoch_writes_a_checkpoint_with_the_grown_pool(two_epochs: Fit) -> None:
    assert two_epochs.search.files == [True]
    path = Path(two_epochs.trainer.default_root_dir, "last.ckpt")
    checkpoint = torch.load(path, weights_only=True)
    assert checkpoint["epoch"] == 1
    assert checkpoint["global_step"] == 2  # one counted step per batch that took steps
    assert len(checkpoint["InstructionPool"]["rows"]) == 62


def test_a_resumed_search_is_bit_equal_to_one_that_never_stopped(two_epochs: Fit, tmp_path: Path) -> None:
    _fit(tmp_path, epochs=1)
    resumed = _fit(tmp_path, epochs=2, resume=True)
    assert len(resumed.search.fitted) == 1
    torch.testing.assert_close(resumed.search.fitted[0], two_epochs.search.fitted[1], rtol=0, atol=0)
    assert torch.equal(resumed.data.pool.features(), two_epochs.data.pool.features())


def test_a_checkpoint_predicts_without_the_pool(two_epochs: Fit) -> None:
    path = Path(two_epochs.trainer.default_root_dir, "last.ckpt")
    loaded = ScorePredictor.load_from_checkpoint(path, map_location="cpu", weights_only=True)
    features = _features(20, seed=99) * 3 + 5
    torch.testing.assert_close(loaded.predict(features), two_epochs.predictor.predict(features), rtol=0, atol=0)


def test_the_learning_rate_of_a_resumed_search_is_the_configured_one(tmp_path: Path) -> None:
    _fit(tmp_path, epochs=1, steps=6, learning_rate=0.5)
    resumed = _fit(tmp_path, epochs=2, resume=True, steps=6, learning_rate=1e-3)
    assert resumed.trainer.optimizers[0].param_groups[0]["lr"] == 1e-3


def test_the_training_loss_falls(two_epochs: Fit, tmp_path: Path) -> None:
    early = _fit(tmp_path, epochs=2, steps=6).predictor.losses
    late = two_epochs.predictor.losses
    assert set(late) == {"regression", "similarity", "weight", "similarity_gradient_share"}
    assert late["regression"] < 0.1 * early["regression"]


@pytest.mark.parametrize("steps", [1, 6, 300])
def test_the_similarity_keeps_its_share_of_the_gradient_from_first_step_to_last(tmp_path: Path, steps: int) -> None:
    losses = _fit(tmp_path, epochs=1, steps=steps, alpha=0.25).predictor.losses
    assert losses["similarity_gradient_share"] == pytest.approx(0.2, rel=1e-4)


def test_the_papers_balance_of_losses_loses_its_gradient(tmp_path: Path) -> None:
    first, last = (
        _fit(tmp_path / str(steps), epochs=1, steps=steps, weight="balance").predictor.losses for steps in (1, 300)
    )
    assert last["weight"] == pytest.approx(0.1 * last["regression"] / (last["similarity"] + 0.01), rel=1e-5)
    assert last["similarity_gradient_share"] < 0.5 * first["similarity_gradient_share"]


def test_the_prediction_ranks_rows_that_it_has_not_seen(two_epochs: Fit) -> None:
    stats = pytest.importorskip("scipy.stats")
    features = _features(200, seed=77)
    mean, _ = two_epochs.predictor.predict(features * 3 + 5)
    assert stats.spearmanr(mean.numpy(), _truth(features).numpy()).statistic > 0.5


def test_the_prediction_is_on_the_rewards_own_scale(two_epochs: Fit) -> None:
    mean, _ = two_epochs.search.predicted[0]
    rewards = two_epochs.data.pool.rewards()[:60]
    assert (mean - rewards).abs().mean() < 0.05


def _gradients(predictor: ScorePredictor, rows: Tensor) -> list[Tensor]:
    """Squared per-example gradients, (n, *shape) for each parameter."""
    parameters = {name: value.detach() for name, value in predictor.network.named_parameters()}

    def output(values: dict[str, Tensor], row: Tensor) -> Tensor:
        result: Tensor = functional_call(predictor.network, values, (row[None],))
        return result.squeeze()

    return [value.square() for value in vmap(grad(output), in_dims=(None, 0))(parameters, rows).values()]


def test_the_diagonal_std_follows_from_the_gradients_of_all_scored_rows(tmp_path: Path) -> None:
    fit, features = _fit(tmp_path, epochs=1, uncertainty="diagonal"), _features(9, seed=5) * 3 + 5
    predictor, batch = fit.predictor, pool_batch(Pool(fit.data.pool.observations[:60]))  # what the epoch fitted
    precision = [0.1 + value.sum(0) for value in _gradients(predictor, batch["features"])]
    squares = _gradients(predictor, (features - batch["feature_mean"]) / batch["feature_scale"])
    summed = sum((g / u).flatten(1).sum(1) for g, u in zip(squares, precision, strict=True))
    _, std = predictor.predict(features)
    torch.testing.assert_close(std, (0.1 * torch.as_tensor(summed)).sqrt() * batch["reward_scale"])


def test_the_marginals_are_those_of_the_joint_prediction(two_epochs: Fit) -> None:
    features = _features(9, seed=5) * 3 + 5
    mean, std = two_epochs.predictor.predict(features)
    joint, covariance = two_epochs.predictor.predict_joint(features)
    torch.testing.assert_close(mean, joint)
    torch.testing.assert_close(std.square(), covariance.diagonal())
    assert torch.linalg.eigvalsh(covariance.double()).min() > -1e-6


def test_the_diagonal_form_knows_of_no_covariance(tmp_path: Path) -> None:
    predictor, features = _fit(tmp_path, epochs=1, uncertainty="diagonal").predictor, _features(3, seed=5)
    mean, std = predictor.predict(features)
    torch.testing.assert_close(predictor.predict_joint(features), (mean, std.square().diag()))
    rows = predictor.scales.standardised(features)
    torch.testing.assert_close(
        mean, predictor(rows).detach() * predictor.scales.reward_scale + predictor.scales.reward_mean
    )


def test_the_std_grows_away_from_the_scored_rows(two_epochs: Fit) -> None:
    _, near = two_epochs.search.predicted[0]
    _, far = two_epochs.predictor.predict(_features(50, seed=6) * 30)
    assert near.mean() < far.mean()


def test_before_a_fit_nothing_is_known() -> None:
    mean, std = ScorePredictor(WIDTH).predict(_features(3, seed=0))
    assert mean.tolist() == [0, 0, 0]
    torch.testing.assert_close(std, torch.full((3,), CONSTANT + SIGNAL).sqrt())


def test_before_a_fit_the_diagonal_uncertainty_is_the_priors() -> None:
    predictor = ScorePredictor(WIDTH, regularisation=0.4, uncertainty="diagonal")
    rows = _features(3, seed=0)
    mean, std = predictor.predict(rows)
    norm = torch.stack([value.flatten(1).sum(1) for value in _gradients(predictor, rows)]).sum(0).sqrt()
    torch.testing.assert_close(std, norm)  # g^T g
    torch.testing.assert_close(mean, predictor(rows).detach())


def _batch() -> dict[str, Tensor]:
    later = _observations(4, seed=1, iteration=1)
    return pool_batch(Pool() + _observations(6, seed=0) + later)


def _losses(predictor: ScorePredictor) -> Losses:
    return predictor.objective(predictor.network, _batch())


@pytest.mark.parametrize("similarity", ["sigmoid_cosine", "log_sigmoid_cosine", "reward_contrast"])
def test_the_similarity_has_a_gradient_in_the_weights(similarity: Any) -> None:
    predictor = ScorePredictor(WIDTH, similarity=similarity)
    _losses(predictor).similarity.backward()  # type: ignore[no-untyped-call]
    first = next(predictor.network.parameters())
    assert first.grad is not None
    assert first.grad.abs().sum() > 0


def test_the_initial_rows_alone_can_carry_the_similarity() -> None:
    batch = _batch()
    predictor = ScorePredictor(WIDTH, similarity_rows="initial")
    similarity = predictor.objective(predictor.network, batch).similarity
    phi = representation(predictor.network, batch["features"])
    cosines = functional.cosine_similarity(phi[:6], phi[batch["best_index"]][None])
    torch.testing.assert_close(similarity, (1 - torch.sigmoid(cosines)).mean())


def test_without_similarity_the_loss_is_the_regression() -> None:
    losses = _losses(ScorePredictor(WIDTH, similarity="none"))
    assert losses.total().item() == losses.regression.item()


def test_equal_rewards_fit_without_nan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "_truth", lambda features: torch.zeros(len(features)))
    fit = _fit(tmp_path, epochs=1, steps=12)
    assert all(math.isfinite(value) for value in fit.predictor.losses.values())
    assert all(value.isfinite().all() for value in fit.search.predicted[0])


def test_every_iteration_starts_from_the_former_predictor(two_epochs: Fit, tmp_path: Path) -> None:
    former = str(Path(two_epochs.trainer.default_root_dir, "last.ckpt"))
    fit = _fit(tmp_path, epochs=2, steps=1, learning_rate=0.0, init_from=former)
    for fitted in fit.search.fitted:
        torch.testing.assert_close(_weights(fitted), _weights(two_epochs.search.fitted[1]), rtol=0, atol=0)


def test_a_missing_former_predictor_is_refused_before_the_search_begins(tmp_path: Path) -> None:
    search = GrowingSearch()
    predictor, data = ScorePredictor(WIDTH, init_from="nowhere.ckpt"), InstructionPool()
    with pytest.raises(ValueError, match=r"there is no file nowhere\.ckpt"):
        _trainer(tmp_path, 1, search).fit(predictor, datamodule=data)
    assert len(data.pool) == 0


def test_hyperparameters_are_plain_values() -> None:
    assert all(isinstance(value, int | float | str | None) for value in ScorePredictor(WIDTH).hparams.values())


def test_normal_weights_can_start_the_fit() -> None:
    weights = torch.cat([value.flatten() for value in ScorePredictor(WIDTH, initial_weights="normal").parameters()])
    assert weights.std().item() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("name", ["feature_size", "depth", "width", "steps", "regularisation"])
def test_what_must_be_positive_is_named(name: str) -> None:
    arguments: dict[str, Any] = {"feature_size": WIDTH, name: 0}
    build: Callable[..., ScorePredictor] = ScorePredictor
    with pytest.raises(ValueError, match=f"Expected {name} to be positive but got 0"):
        build(**arguments)


def test_a_negative_tolerance_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Expected tolerance of at least 0 but got -0\.1"):
        ScorePredictor(WIDTH, tolerance=-0.1)


def _fit_to(pool: Pool, folder: Path, prior: Tensor | None = None, **settings: Any) -> tuple[ScorePredictor, str]:
    """One iteration's fit on a pool, with its checkpoint."""

    predictor, data = ScorePredictor(WIDTH, **settings), InstructionPool()
    known = [()] * len(pool) if prior is None else [tuple(row) for row in prior.tolist()]
    rows = zip(pool, known, strict=True)
    data.pool = Pool(tuple(row.with_candidate(replace(row.candidate, prior=each)) for row, each in rows))
    checkpoint = ModelCheckpoint(folder, filename="last", save_top_k=1, enable_version_counter=False,
                                 save_on_train_epoch_end=True)  # fmt: skip
    trainer = Trainer(max_epochs=1, accelerator="cpu", logger=False, callbacks=[checkpoint],
                      enable_progress_bar=False, enable_model_summary=False)  # fmt: skip
    trainer.fit(predictor, datamodule=data)
    return predictor, str(folder / "last.ckpt")


def _warm(source: str, **settings: Any) -> ScorePredictor:
    predictor = ScorePredictor(WIDTH, init_from=source, **settings)
    predictor.setup("fit")
    return predictor


def test_before_any_row_a_former_predictor_is_all_that_is_known(tmp_path: Path) -> None:
    former, path = _fit_to(Pool(tuple(_observations(60, 0))), tmp_path)
    features = _features(50, seed=9) * 3 + 5
    mean, std = _warm(path).predict(features)
    stats = pytest.importorskip("scipy.stats")
    assert stats.spearmanr(mean.numpy(), former.predict(features)[0].numpy()).statistic > 0.9
    assert std.min() > 0


def test_only_a_predictor_with_a_former_task_knows_something_before_a_row(tmp_path: Path) -> None:
    _, path = _fit_to(Pool(tuple(_observations(60, 0))), tmp_path)
    assert _warm(path).knows_a_former_task
    assert not ScorePredictor(WIDTH).knows_a_former_task
    assert not _warm(path, uncertainty="diagonal").knows_a_former_task


def test_it_keeps_the_scales_that_it_was_fitted_on(tmp_path: Path) -> None:
    former, path = _fit_to(Pool(tuple(_observations(60, 0))), tmp_path / "a")
    warm, _ = _fit_to(Pool(tuple(_observations(10, 5))), tmp_path / "b", init_from=path)
    torch.testing.assert_close(warm.source_scales.state_dict(), former.scales.state_dict(), rtol=0, atol=0)
    assert not torch.equal(warm.scales.feature_mean, former.scales.feature_mean)


def _rank_correlation(predictor: ScorePredictor, truth: Tensor) -> float:
    stats = pytest.importorskip("scipy.stats")
    mean, _ = predictor.predict(_features(200, seed=77) * 3 + 5)
    return float(stats.spearmanr(mean.numpy(), truth.numpy()).statistic)


def test_a_related_task_begins_far_ahead_of_a_cold_start(tmp_path: Path) -> None:
    _, path = _fit_to(Pool(tuple(_observations(60, 0))), tmp_path / "source")
    pool, truth = Pool(tuple(_observations(6, 5))), _truth(_features(200, seed=77))
    cold, _ = _fit_to(pool, tmp_path / "cold")
    warm, _ = _fit_to(pool, tmp_path / "warm", init_from=path)
    assert _rank_correlation(warm, truth) > _rank_correlation(cold, truth) + 0.1


def test_a_strangers_weight_falls_to_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys.modules[__name__], "_truth", lambda features: torch.sigmoid(2 * features[:, 9]))
        _, path = _fit_to(Pool(tuple(_observations(60, 0))), tmp_path / "source")
    pool, truth = Pool(tuple(_observations(60, 5))), _truth(_features(200, seed=77))
    cold, _ = _fit_to(pool, tmp_path / "cold")
    warm, _ = _fit_to(pool, tmp_path / "warm", init_from=path)
    assert warm.process.weights[0] == 0
    assert _rank_correlation(warm, truth) > _rank_correlation(cold, truth) - 0.05


def test_a_warm_predictor_needs_its_source_no_more_when_it_is_finished(tmp_path: Path) -> None:
    _, path = _fit_to(Pool(tuple(_observations(60, 0))), tmp_path / "source")
    warm, own = _fit_to(Pool(tuple(_observations(10, 5))), tmp_path / "warm", init_from=path)
    Path(path).unlink()
    loaded = ScorePredictor.load_from_checkpoint(own, map_location="cpu", weights_only=True)
    features = _features(20, seed=99) * 3 + 5
    torch.testing.assert_close(loaded.predict(features), warm.predict(features), rtol=0, atol=0)


def test_a_source_of_a_source_counts_by_its_own_rows(tmp_path: Path) -> None:
    _, first = _fit_to(Pool(tuple(_observations(60, 0))), tmp_path / "first")
    _, second = _fit_to(Pool(tuple(_observations(12, 5))), tmp_path / "second", init_from=first)
    third = _warm(second)
    assert len(third.source) == 12
    assert third.source.opinions.shape == (12, 0)


def test_prior_knowledge_that_tells_is_used_and_carried(tmp_path: Path) -> None:
    rows, features = _observations(40, 0), _features(200, seed=77)
    known = torch.stack([_truth(_features(40, 0)), torch.randn(40, generator=torch.Generator().manual_seed(3))], dim=1)
    predictor, path = _fit_to(Pool(tuple(rows)), tmp_path, known)
    helpful, stranger, _ = predictor.process.weights
    assert (helpful > 0, stranger) == (True, 0)
    opinions = torch.stack([_truth(features), torch.zeros(200)], dim=1)
    stats = pytest.importorskip("scipy.stats")
    for entry in (predictor, _warm(path)):
        mean, _ = entry.predict(features * 3 + 5, opinions)
        assert stats.spearmanr(mean.numpy(), _truth(features).numpy()).statistic > 0.9


@pytest.mark.parametrize("columns", [0, 1, 3])
def test_prior_knowledge_that_the_fit_did_not_have_is_left_out_and_what_is_missing_is_its_mean(
    columns: int, tmp_path: Path
) -> None:
    known = torch.stack([_truth(_features(40, 0)), torch.zeros(40)], dim=1)
    predictor, path = _fit_to(Pool(tuple(_observations(40, 0))), tmp_path, known)
    features, opinions = _features(20, seed=77) * 3 + 5, torch.full((20, columns), 0.9)
    as_fitted = torch.tensor([known[:, 0].mean(), 0.0]).repeat(20, 1)
    as_fitted[:, :columns] = opinions[:, :2]
    for entry in (predictor, _warm(path)):
        torch.testing.assert_close(entry.predict(features, opinions), entry.predict(features, as_fitted))


def test_a_former_task_with_prior_knowledge_serves_one_without(tmp_path: Path) -> None:
    known = _truth(_features(60, 0))[:, None]
    _, path = _fit_to(Pool(tuple(_observations(60, 0))), tmp_path / "source", known)
    warm, _ = _fit_to(Pool(tuple(_observations(10, 5))), tmp_path / "warm", init_from=path)
    assert warm.process.opinions.shape == (10, 2)
    assert warm.predict(_features(3, seed=9))[0].isfinite().all()
