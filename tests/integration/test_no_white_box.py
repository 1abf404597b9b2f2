"""A whole search without a white box: an encoder gives the features, the black box writes the candidates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from duet.commands import main as cli
from duet.models.open_model.causal_lm import EMBEDDED_FOLDER

ROOT = Path(__file__).parents[2]
CONFIG = str(ROOT / "configs" / "models" / "no_white_box.yaml")
SMALL = [
    "--search.iterations=2", "--search.allocation.kind=fixed", "--search.allocation.examples=3",
    "--search.initialisation.count=4",
    "--strategy.init_args.candidates=6", "--strategy.init_args.choose=1", "--model.steps=6", "--search.threshold=1.1",
]  # fmt: skip
NO_MODEL = ["--black_box", "duet.models.fakes.HashingBlackBox"]
ENCODERS = {
    "n-grams": [],
    "lower half": ["--white_box", "duet.models.huggingface_encoder.HuggingFaceEncoder", "--white_box.layer=2"],
}
needs_weights = pytest.mark.skipif(not EMBEDDED_FOLDER.is_dir(), reason="the embedded model's weights are missing")


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A task in the current folder."""
    monkeypatch.chdir(tmp_path)
    rows = [json.dumps({"input": f"a{number} b{number}", "output": f"b{number}"}) for number in range(40)]
    Path("train.jsonl").write_text("\n".join(rows))
    return ["--task.name", "t", "--task.train_file", "train.jsonl", "--config", CONFIG]


def fit(folder: str, *arguments: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Result and candidates of a run."""
    assert cli.main(["fit", "--run_dir", folder, *arguments]) == 0
    result = json.loads((Path(folder) / "result.json").read_text())
    return result, [json.loads(line) for line in (Path(folder) / "candidates.jsonl").read_text().splitlines()]


def without_time(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key != "seconds"}


@pytest.mark.parametrize(
    "encoder", [pytest.param(name, marks=[] if name == "n-grams" else [needs_weights]) for name in ENCODERS]
)
def test_a_search_finds_candidates_and_is_the_same_again(encoder: str, task: list[str]) -> None:
    arguments = [*task, *NO_MODEL, *SMALL, *ENCODERS[encoder]]
    result, candidates = fit("one", *arguments)
    assert {candidate["origin"] for candidate in candidates if candidate["iteration"] == 0} == {"initial"}
    assert {candidate["origin"] for candidate in candidates if candidate["iteration"] > 0} <= {"paraphrase", "resample"}
    assert [candidate["iteration"] for candidate in candidates] == [0, 0, 0, 0, 1, 2]
    again, same = fit("two", *arguments)
    assert same == candidates
    assert without_time(again) == without_time(result)


@needs_weights
def test_the_embedded_model_can_be_the_only_model(task: list[str]) -> None:
    result, candidates = fit("run", *task, *SMALL, "--search.extractor.outputs=black_box")
    assert result["iterations"] == 2
    assert all(candidate["predicted"] is not None for candidate in candidates if candidate["iteration"] > 0)


def test_the_calls_that_write_are_within_the_budget(task: list[str]) -> None:
    free, _ = fit("free", *task, *NO_MODEL, *SMALL)
    capped, candidates = fit("capped", *task, *NO_MODEL, *SMALL, f"--search.budget.max_calls={free['calls'] - 1}")
    assert capped["calls"] < free["calls"]
    assert (capped["stop_reason"], capped["test_score"] is None) == ("budget", False)
    assert len(candidates) == 5


def test_a_white_box_that_would_have_to_write_is_refused_before_anything_is_asked(
    task: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["fit", *task, *NO_MODEL, "--search.extractor.outputs=white_box"]) == 2
    assert "white_box: expected a model that writes output answers" in capsys.readouterr().err
    assert cli.main(["fit", *task, *NO_MODEL, "--strategy.init_args.shares.soft_global=1"]) == 2
    assert "white_box: expected a model that writes candidates" in capsys.readouterr().err
    assert not Path("runs").exists()
