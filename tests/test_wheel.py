"""The wheel alone, in an environment of its own and an empty folder: commands, settings by name, what it holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from sysconfig import get_path

import pytest

ROOT = Path(__file__).parent.parent
PIP = ["-m", "pip", "--disable-pip-version-check", "--quiet"]
TASK = """
task: {name: t, train_file: train.jsonl}
black_box: duet.models.fakes.HashingBlackBox
white_box: duet.models.fakes.HashingWhiteBox
search: {iterations: 1, allocation: {examples: 3}, initialisation: {count: 3}}
model: {steps: 3}
"""


def python(*arguments: str, executable: Path | str = sys.executable, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs it with nothing of this repository on its path."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    return subprocess.run(
        [str(executable), *arguments], cwd=cwd, env=kept, capture_output=True, text=True, check=False
    )  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from this working copy; nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    build = python(*PIP, "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "-w", str(folder), cwd=folder)
    assert build.returncode == 0, build.stderr
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of an empty environment into which the wheel is installed; it borrows the dependencies."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    commands = home / "bin"
    pip = [*PIP, "--python", str(commands / "python"), "install", "--no-deps", "--no-index", str(wheel)]
    done = python(*pip, cwd=home)
    assert done.returncode == 0, done.stderr
    [packages] = home.glob("lib/*/site-packages")
    (packages / "dependencies.pth").write_text(get_path("purelib") + "\n")  # its own .pth files are not read
    return commands


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder but for a task."""
    rows = [{"input": f"a{number} b{number}", "output": f"b{number}"} for number in range(20)]
    (tmp_path / "train.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (tmp_path / "task.yaml").write_text(TASK)
    return tmp_path


def test_it_holds_the_packages_and_their_data_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"callbacks", "datamodules", "duet", "lightning_modules"}
    for folder in ("duet/models/embedded", "duet/tasks/shipped"):
        tracked = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.*")}
        assert tracked
        assert tracked <= set(names)
    configs = {path.relative_to(ROOT).as_posix() for path in (ROOT / "configs").rglob("*.yaml")}
    assert {f"duet/{name}" for name in configs} <= set(names)


def test_duet_is_imported_from_the_environment_and_costs_no_torch(installed: Path, tmp_path: Path) -> None:
    code = "import duet, sys; print(duet.__file__); sys.exit('torch' in sys.modules or 'jsonargparse' in sys.modules)"
    done = python("-c", code, executable=installed / "python", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(installed.parent)
    task = "from duet import Task; print(Task('second_letter').name)"
    assert python("-c", task, executable=installed / "python", cwd=tmp_path).stdout == "second_letter\n"


@pytest.mark.parametrize("command", [["duet"], ["python", "-m", "duet"]])
def test_the_command_has_its_help(command: list[str], installed: Path, tmp_path: Path) -> None:
    done = python(*command[1:], "--help", executable=installed / command[0], cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: duet ")


def test_a_search_of_ones_own_task_runs_from_its_folder(installed: Path, folder: Path) -> None:
    fit = ["fit", "--config", "task.yaml", "--config", "methods/ape", "--run_dir", "run"]
    done = python(*fit, executable=installed / "duet", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Best instruction: " in done.stdout
    assert "class_path: duet.strategies.ape.Ape" in (folder / "run" / "config.yaml").read_text()


def test_the_quickstart_is_found_by_name_with_the_models_weights_and_its_task(installed: Path, tmp_path: Path) -> None:
    done = python("doctor", "--config", "quickstart.yaml", executable=installed / "duet", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ships with Duet" in done.stdout
    assert "million parameters" in done.stdout


def test_a_wrong_name_gets_one_line_with_names_like_it(installed: Path, tmp_path: Path) -> None:
    done = python("fit", "--config", "quikstart.yaml", executable=installed / "duet", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].endswith("(did you mean quickstart.yaml?)")
