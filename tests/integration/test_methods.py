"""Every method through the command line, with the embedded model: same loop, same run folder, same resume."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from duet.commands import main as cli
from duet.config_files import CONFIGS
from duet.models.open_model.causal_lm import EMBEDDED_FOLDER
from duet.tasks.task import PACKAGED

INITIAL, ITERATIONS, EXAMPLES = 8, 3, 4
METHODS = {
    "ape": (),
    "evoprompt_de": (),
    "evoprompt_ga": (),
    "instinct": ("--strategy.init_args.points=64", "--strategy.init_args.starts=2"),
    "random_search": ("--strategy.init_args.candidates=8", "--strategy.init_args.choose=1"),
}

pytestmark = pytest.mark.skipif(not EMBEDDED_FOLDER.is_dir(), reason="the embedded model's weights are missing")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small task, and the cache of all methods."""
    folder = tmp_path_factory.mktemp("shared")
    for part, count in (("induce", 16), ("execute", 6)):
        content = json.loads((PACKAGED / part / "second_letter.json").read_text())
        content["examples"] = dict(list(content["examples"].items())[:count])
        (folder / part).mkdir()
        (folder / part / "second_letter.json").write_text(json.dumps(content))
    return folder


def fit(method: str, shared: Path, folder: str, iterations: int) -> int:
    config = CONFIGS / "methods" / f"{method}.yaml"
    return cli.main([
        "fit", f"--config={config}", "--task.name=second_letter", f"--task.directory={shared}", f"--run_dir={folder}",
        f"--search.cache={shared / 'calls.sqlite'}", f"--search.iterations={iterations}", "--search.threshold=1.1",
        f"--search.initialisation.count={INITIAL}", f"--search.allocation.examples={EXAMPLES}",
        "--search.allocation.kind=fixed", *METHODS[method],
    ])  # fmt: skip


def rows(folder: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in Path(folder, "candidates.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "posterior"} for line in lines]


@pytest.mark.parametrize("method", METHODS)
def test_a_method_runs_and_goes_on_as_if_it_had_never_stopped(
    method: str, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert fit(method, shared, "whole", ITERATIONS) == 0
    assert fit(method, shared, "parts", 1) == 0
    assert fit(method, shared, "parts", ITERATIONS) == 0
    assert rows("parts") == rows("whole")
    assert [row["iteration"] for row in rows("whole")] == [0] * INITIAL + [1, 2, 3]
    assert len({row["instruction"] for row in rows("whole")}) == INITIAL + ITERATIONS
    assert (tmp_path / "whole" / "best_instruction.txt").is_file()
