from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from duet.models.fakes import HashingWhiteBox
from duet.run_lock import run_lock
from duet.session.duet_cli import DuetCLI, planned
from duet.session.live import Live, class_name, description
from duet.session.output import quiet
from duet.strategies.ape import Ape


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quiet()


def test_an_object_is_described_by_its_class_and_identity_and_a_function_by_its_name() -> None:
    assert description(HashingWhiteBox(4)) == "duet.models.fakes.HashingWhiteBox (hashing:4), made in Python"
    assert description(HashingWhiteBox(4)) == description(HashingWhiteBox(4))
    assert description(description) == "duet.session.live.description, made in Python"
    assert class_name(Ape()) == "Ape"


def test_objects_and_overrides_win_over_the_command_line() -> None:
    live = Live({"white_box": (white_box := HashingWhiteBox(4))}, {"search": {"iterations": 3}})
    dry = planned(["--task.name=second_letter", "--search.iterations=9"], live)
    assert dry.search.white_box is white_box
    assert dry.search.iterations == 3


@pytest.mark.parametrize("overrides", [{"search": {"iteration": 3}}, {"nonsense": 1}])
def test_an_override_that_is_no_key_is_refused_in_one_line(overrides: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no such key: (search\.iteration|nonsense)"):
        planned(["--task.name=second_letter"], Live(overrides=overrides))


def test_one_process_at_a_time_works_in_a_run_folder(tmp_path: Path) -> None:
    with run_lock(tmp_path / "run"), pytest.raises(ValueError, match=r"^run_dir: .* is in use by process"):
        DuetCLI(["--task.name=second_letter", f"--run_dir={tmp_path / 'run'}"])
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [".lock"]
