"""``benchmark --ray``: the same cells on a real cluster; left out where Ray is missing."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from duet.commands import main as cli
from tests.commands.test_benchmark import CELLS, TASKS, benchmark, left_behind, make_tasks, write_grid

with_ray = pytest.mark.skipif(find_spec("ray") is None, reason="the extra ray is not installed")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory: two small tasks in tasks/."""
    monkeypatch.chdir(tmp_path)
    return make_tasks(tmp_path)


@with_ray
def test_a_grid_on_a_cluster_leaves_what_one_in_this_process_leaves_and_goes_on(
    ray_address: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("wrong.yaml").write_text("model: {depth: 0}\n")
    write_grid()
    assert benchmark("here", "--no_report") == 0
    write_grid(methods=["wrong.yaml", "duet", "random_search"])
    assert benchmark("there", f"--ray={ray_address}", "--no_report") == 1
    out, said = capfd.readouterr()
    assert left_behind("there") == left_behind("here")
    assert sorted(left_behind("there")) == sorted(CELLS)
    assert out.count(", wrong, seed 0: failed: Expected depth") == 2 * len(TASKS)
    assert said.count("failed twice") == len(TASKS)
    assert all(Path("there", name, "calls.sqlite").is_file() for name in CELLS)
    stamps = [Path("there", name, "candidates.jsonl").stat().st_mtime_ns for name in CELLS]
    write_grid()
    assert benchmark("there", f"--ray={ray_address}") == 0
    assert capfd.readouterr().out.splitlines()[-1] == "4 run(s): there/report/report.html"
    assert stamps == [Path("there", name, "candidates.jsonl").stat().st_mtime_ns for name in CELLS]


@with_ray
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--ray=local", "--gpus_per_cell=1024"], "--ray: no machine has 1 processors and 1024 GPUs"),
        (["--ray=local", "--cpus_per_cell=0"], "--cpus_per_cell"),
        (["--ray=local", "--jobs=2"], "--jobs"),
    ],
)
def test_what_no_machine_has_is_said_in_one_line(
    arguments: list[str], said: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_grid()
    assert benchmark("out", *arguments) == 2
    line = capfd.readouterr().err.splitlines()[-1]
    assert line.startswith(f"duet: {said}")
    assert not Path("out").exists()


def test_a_missing_ray_is_named_before_anything_is_done(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    write_grid()
    assert benchmark("out", "--ray=local") == 2
    [line] = capfd.readouterr().err.splitlines()
    assert line.startswith("duet: --ray needs Ray")
    assert "'.[ray]'" in line
    assert not Path("out").exists()


def test_what_a_cell_takes_is_said_of_a_cluster_alone(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_grid()
    assert cli.main(["benchmark", "--config=grid.yaml", "--gpus_per_cell=0.25"]) == 2
    [line] = capfd.readouterr().err.splitlines()
    assert "expected --ray as well" in line
