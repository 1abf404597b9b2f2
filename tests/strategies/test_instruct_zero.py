from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
import yaml
from scipy.stats import norm
from torch import Tensor
from torch.quasirandom import SobolEngine

from duet.commands import main as cli
from duet.examples.example import Example
from duet.models.base import AbstractWhiteBox, Encoding
from duet.models.fakes import HashingWhiteBox, ScriptedBlackBox
from duet.models.open_model.causal_lm import EMBEDDED_FOLDER
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.proposals.soft_prompts import SoftPrompts
from duet.strategies.instruct_zero import InstructZero
from duet.strategies.latent_surrogate import LatentSurrogate
from duet.strategies.strategy import Proposal, SearchContext
from tests.strategies.contexts import make_context

ROOT = Path(__file__).parents[2]
EXAMPLES = [Example(f"word{number}", (f"{number}drow",)) for number in range(12)]
SPACE = SoftPrompts(tokens=2, intrinsic_dimension=3)
SMALL: dict[str, Any] = {
    "initial_points": 4, "starts": 3, "choose": 2, "population": 6, "generations": 2, "soft_prompts": SPACE
}  # fmt: skip
PUBLISHED: dict[str, Any] = yaml.safe_load((ROOT / "configs" / "methods" / "instruct_zero_paper.yaml").read_text())
PAPER: dict[str, Any] = PUBLISHED["strategy"]["init_args"]
Rule = Callable[[int, Tensor], str]


class NoPredictor:
    """InstructZero has a model of its own."""

    def predict_joint(self, features: Tensor, prior: Tensor) -> tuple[Tensor, Tensor]:
        raise AssertionError("Expected no question to the score predictor")


class Writing(AbstractWhiteBox):
    """Writes by a rule from the number of the call and the point that a soft prompt stands for; notes both."""

    def __init__(self, rule: Rule) -> None:
        self.rule, self.inner = rule, HashingWhiteBox()
        self.points: list[Tensor] = []
        self.prompts: list[str] = []
        self.temperatures: set[float] = set()

    identity = property(lambda self: "writing")
    hidden_size = property(lambda self: 16)
    embedding_size = property(lambda self: 8)

    def encode(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Encoding:
        return self.inner.encode(texts, contexts)

    def generate(
        self,
        prompts: Sequence[str],
        *,
        seeds: Sequence[int],
        temperature: float = 0.0,
        max_new_tokens: int = 64,
        soft_prompts: Tensor | None = None,
        soft_prompt_position: Literal["prefix", "suffix"] = "prefix",
    ) -> list[str]:
        assert soft_prompts is not None
        basis = SPACE.vectors(torch.eye(3), 8).flatten(1)  # (3, 16)
        points = torch.linalg.lstsq(basis.T, soft_prompts.flatten(1).T).solution.T  # (n, 3)
        self.points.append(points)
        self.prompts += prompts
        self.temperatures.add(temperature)
        return [self.rule(len(self.points), point) for point in points]


def context(white_box: AbstractWhiteBox | None = None, seed: int = 0) -> SearchContext:
    return make_context(ScriptedBlackBox({}), white_box or HashingWhiteBox(), EXAMPLES, seed=seed)


def propose(pool: Pool, white_box: AbstractWhiteBox | None = None, seed: int = 0, **changes: Any) -> Proposal:
    return InstructZero(**SMALL | changes).propose(pool, NoPredictor(), context(white_box, seed))


def row(text: str, scores: Sequence[float], iteration: int, latent: Sequence[float] | None = None) -> ScoredInstruction:
    candidate = Candidate(text, "any", features=torch.zeros(16), latent=tuple(latent) if latent else None)
    return ScoredInstruction(candidate, iteration, tuple(scores), ("x",) * len(scores))


def scores(point: Sequence[float]) -> tuple[float, ...]:
    """The farther along the first dimension, the better, up to 0.8."""
    return tuple(float(point[0] > number / 5) for number in range(1, 6))


FIRST = Pool((row("Write the last letter of it.", (1, 0, 0, 0, 1), 0), row("Sort each word.", (0, 0, 0, 0, 1), 0)))
SOFT = [
    row(f"Take number {number}.", scores(point), 1 + number // 2, point)
    for number, point in enumerate(SPACE.global_points(8, skip=0).tolist())
]
SCORED = Pool((*FIRST, *SOFT))


def latents(proposal: Proposal) -> list[tuple[float, ...]]:
    return [candidate.latent or () for candidate in proposal.candidates]


def test_the_first_soft_prompts_are_one_sobol_sequence() -> None:
    second = Pool((*FIRST, row("Take it.", (0, 0, 0, 0, 0), 1, (0.5, 0.5, 0.5))))
    found = [*latents(propose(FIRST)), *latents(propose(second))]
    engine = SobolEngine(3, scramble=True, seed=0)  # type: ignore[no-untyped-call]
    assert torch.equal(torch.tensor(found), engine.draw(4))


def test_afterwards_the_model_names_them() -> None:
    proposal = propose(SCORED, choose=3)
    assert {candidate.origin for candidate in proposal.candidates} == {"expected_improvement"}
    assert all(0 <= value <= 1 for point in latents(proposal) for value in point)
    assert all(candidate.predicted is not None and candidate.std is not None for candidate in proposal.candidates)


def modelled(rows: Sequence[ScoredInstruction]) -> LatentSurrogate:
    points = torch.tensor([row.candidate.latent for row in rows])
    scores = torch.tensor([row.scores for row in rows])
    return LatentSurrogate(points, scores.mean(1), scores, residual=True)


def improvement(mean: Any, deviation: Any, best: float) -> Any:
    """Jones et al. 1998, Eq. 15."""
    z = (mean - best) / deviation
    return (mean - best) * norm.cdf(z) + deviation * norm.pdf(z)


def test_they_promise_more_than_points_at_random_and_the_best_comes_first() -> None:
    pool = Pool((*SCORED, row("Copy it.", (1, 1, 1, 1, 0), 0)))  # not under a soft prompt, but to be improved on
    found = propose(pool, choose=3, population=30, generations=8).candidates
    best = pool.best().score
    values = [improvement(candidate.predicted, candidate.std, best) for candidate in found]
    assert values == sorted(values, reverse=True)
    anywhere = torch.rand(200, 3, generator=torch.Generator().manual_seed(0))
    mean, deviation = modelled(SOFT).predict(anywhere)
    assert values[0] > np.quantile(improvement(mean.numpy(), deviation.numpy(), best), 0.98)


def test_a_soft_prompt_that_wrote_a_known_text_is_learned_from() -> None:
    def rule(call: int, point: Tensor) -> str:
        return "take number 1" if call == 1 else f"take what stands at {point[0]:.6f}"

    white_box = Writing(rule)
    proposal = propose(SCORED, white_box, attempts=2)
    assert len(white_box.points[0]) == 3
    repeats = [row("", SOFT[1].scores, 0, point) for point in white_box.points[0].tolist()]
    mean, deviation = modelled([*SOFT, *repeats]).predict(torch.tensor(latents(proposal)))
    assert [candidate.predicted for candidate in proposal.candidates] == pytest.approx(mean.tolist(), abs=0.01)
    assert [candidate.std for candidate in proposal.candidates] == pytest.approx(deviation.tolist(), abs=0.01)


def test_a_white_box_that_only_repeats_brings_an_empty_proposal() -> None:
    white_box = Writing(lambda call, point: "take number 1")
    assert propose(SCORED, white_box, attempts=3) == Proposal((), written=9, distinct=0)
    assert propose(FIRST, Writing(lambda call, point: "stop"), attempts=3) == Proposal((), written=6, distinct=0)


def test_a_proposal_is_new_distinct_and_counted() -> None:
    texts = ["take number 1", "take it all", "Take it  all.", "turn word1 into 1drow", "take a part", "take another"]
    white_box = Writing(lambda call, point: texts.pop(0))
    proposal = propose(SCORED, white_box, choose=2)
    assert [candidate.text for candidate in proposal.candidates] == ["Take it all.", "Take a part."]
    assert (proposal.written, proposal.distinct) == (6, 3)


def test_the_same_pool_gives_the_same_proposal() -> None:
    def texts(pool: Pool = SCORED, seed: int = 0) -> list[str]:
        return [candidate.text for candidate in propose(pool, seed=seed).candidates]

    assert texts() == texts()
    assert texts(seed=1) != texts()
    assert texts(Pool((*SCORED, row("Copy it.", (0, 0, 0, 0, 0), 5, (0.3, 0.3, 0.3))))) != texts()


def test_what_was_written_without_a_soft_prompt_is_not_modelled_but_to_be_improved_on() -> None:
    first, second, *soft = SCORED
    poorer, better = replace(second, scores=(0.0,) * 5), replace(first, scores=(1.0,) * 5)
    larger: dict[str, Any] = {"population": 20, "generations": 6}
    proposal = propose(SCORED, **larger)
    assert propose(Pool((first, poorer, *soft)), **larger) == proposal
    assert latents(propose(Pool((better, second, *soft)), **larger)) != latents(proposal)


def reloaded(pool: Pool) -> Pool:
    """As a checkpoint brings it back."""
    buffer = io.BytesIO()
    torch.save(pool.state_dict(), buffer)
    buffer.seek(0)
    return Pool.from_state_dict(torch.load(buffer, weights_only=True))


@pytest.mark.parametrize("kind", [{}, PAPER], ids=["default", "paper"])
def test_a_search_that_is_interrupted_after_every_iteration_finds_the_same(kind: dict[str, Any]) -> None:
    def search(between: Callable[[Pool], Pool]) -> list[tuple[str, Any]]:
        pool = FIRST
        for iteration in range(1, 6):
            found = propose(pool, **kind | SMALL).candidates
            marked = [replace(candidate, features=torch.zeros(16)) for candidate in found]
            grown = [
                ScoredInstruction(candidate, iteration, scores(candidate.latent or ()), ("x",) * 5)
                for candidate in marked
            ]
            pool = between(pool + grown)
        return [(row.text, row.candidate.latent) for row in pool]

    assert search(reloaded) == search(lambda pool: pool)


def test_rows_with_different_numbers_of_examples_are_compared_on_those_that_all_have() -> None:
    nested = [
        replace(row, scores=row.scores[: 2 + i % 4], outputs=row.outputs[: 2 + i % 4]) for i, row in enumerate(SOFT)
    ]
    found = propose(Pool((*FIRST, *nested)), choose=3).candidates
    assert {candidate.origin for candidate in found} == {"expected_improvement"}
    points = torch.tensor([row.candidate.latent for row in nested])
    common = torch.tensor([row.scores[:2] for row in nested])
    expected = LatentSurrogate(points, torch.tensor([row.score for row in nested]), common, residual=True)
    mean, _ = expected.predict(torch.tensor([candidate.latent for candidate in found]))
    assert [candidate.predicted for candidate in found] == pytest.approx(mean.tolist(), abs=0.01)


def test_the_paper_writes_greedily_from_one_set_of_demonstrations_in_vicunas_form() -> None:
    white_box = Writing(lambda call, point: f"take what stands at {point[0]:.6f}")
    paper = PAPER | {"soft_prompts": SPACE}
    proposal = propose(FIRST, white_box, **paper)
    propose(SCORED, white_box, **paper | {"population": 6, "generations": 1}, seed=0)
    assert len(proposal.candidates) == 25
    assert (len(set(white_box.prompts)), white_box.temperatures) == (1, {0.0})
    [prompt] = set(white_box.prompts)
    assert prompt.startswith("A chat between")
    assert prompt.endswith("The instruction was to? ASSISTANT:")
    assert prompt.count("Input: ") == 10


def test_the_paper_searches_a_larger_cube_than_it_starts_from() -> None:
    paper = InstructZero(**PAPER | {"soft_prompts": SPACE, "starts": 10, "choose": 10, "population": 10})
    white_box = Writing(lambda call, point: f"take what stands at {point[0]:.6f}")
    corner = Pool(tuple(replace(row, scores=tuple(1 - score for score in row.scores)) for row in SCORED))
    paper.propose(corner, NoPredictor(), context(white_box))
    assert -1 <= white_box.points[0].min() < 0


@pytest.mark.parametrize(
    "wrong", [{"starts": 0}, {"choose": 0}, {"sigma": 0.0}, {"population": 1}, {"low": 1.0}, {"template": "Write."}]
)
def test_wrong_numbers_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Expected .*" + next(iter(wrong))):
        InstructZero(**wrong)


TASK = "".join(json.dumps({"input": f"a{i} b{i}", "output": f"b{i}"}) + "\n" for i in range(40))
FAKES = ["--black_box", "duet.models.fakes.HashingBlackBox", "--white_box", "duet.models.fakes.HashingWhiteBox"]
CONFIG = ["--config", "task.yaml", "--config", str(ROOT / "configs" / "methods" / "instruct_zero.yaml")]
TINY = [
    "--search.allocation.examples=4", "--search.iterations=3", "--search.threshold=1.1", "--model.steps=6",
    "--strategy.init_args.initial_points=2", "--strategy.init_args.choose=2", "--strategy.init_args.starts=3",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "t.jsonl").write_text(TASK)
    (tmp_path / "task.yaml").write_text("task: {name: t, train_file: t.jsonl}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_longer_search_begins_as_a_shorter_one_and_goes_on_where_it_ended(folder: Path) -> None:
    fit = ["fit", *CONFIG, *FAKES, *TINY, "--search.initialisation.count=4"]
    assert cli.main([*fit, "--run_dir=once", "--search.iterations=4"]) == 0
    assert cli.main([*fit, "--run_dir=twice", "--search.iterations=2"]) == 0
    assert cli.main([*fit, "--run_dir=twice", "--search.iterations=4"]) == 0
    once, twice = ((folder / name / "candidates.jsonl").read_text() for name in ("once", "twice"))
    assert once == twice
    origins = [json.loads(line)["origin"] for line in once.splitlines()]
    assert origins == ["initial"] * 4 + ["global"] * 2 + ["expected_improvement"] * 6


@pytest.mark.skipif(not EMBEDDED_FOLDER.is_dir(), reason="the embedded model's weights are missing")
def test_the_command_line_runs_it_with_the_embedded_model(folder: Path) -> None:
    (folder / "task.yaml").write_text("task: {name: second_letter}\n")
    command = [sys.executable, str(ROOT / "cli.py"), "fit", *CONFIG, *TINY, "--search.initialisation.count=8"]
    command += ["--search.allocation.kind=fixed"]
    process = subprocess.run([*command, "--run_dir=run"], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    assert "Warning" not in process.stderr
    lines = [json.loads(line) for line in (folder / "run" / "candidates.jsonl").read_text().splitlines()]
    assert [line["iteration"] for line in lines] == [0] * 8 + [1, 1, 2, 2, 3, 3]
    assert len({line["instruction"] for line in lines}) == 14
    assert {line["n"] for line in lines} == {4}
    assert all(0 <= line["std"] <= 1 for line in lines[10:])
    result = json.loads((folder / "run" / "result.json").read_text())
    assert (result["method"], result["iterations"]) == ("InstructZero", 3)


def test_a_missing_package_is_named_before_anything_is_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "gpytorch", None)
    assert cli.main(["fit", *CONFIG, *FAKES, *TINY, "--run_dir=run"]) == 2
    [line] = capfd.readouterr().err.splitlines()
    assert line.startswith("duet: ")
    assert "InstructZero" in line
    assert "gpytorch" in line
    assert "[instruct-zero]" in line
    assert not (folder / "run").exists()
