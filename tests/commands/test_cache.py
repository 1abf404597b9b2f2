"""What the cache holds, and how to make it smaller."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from duet.commands import main as cli
from duet.models.base import CallFailure, Request
from duet.models.fakes import ScriptedBlackBox
from duet.spending.cache_file import cache_stats, user_cache_path
from duet.spending.cached import CachedBlackBox

ROOT = Path(__file__).parents[2]


@pytest.fixture
def cache() -> Path:
    """The user's cache: five answers of one model, two days old, and two of another."""
    path = user_cache_path()
    for model, count, days in (("one", 5, 2), ("other", 2, 0)):
        box = CachedBlackBox(ScriptedBlackBox(lambda request: request.prompt, f"openai:https://a.b/v1:{model}"), path)
        box.complete([Request(f"{number}") for number in range(count)])
        connection = sqlite3.connect(path)
        connection.execute(
            "UPDATE completions SET created = created - ? WHERE identity LIKE ?", (days * 86400, f"%:{model}")
        )
        connection.commit()
        connection.close()
    return path


def left(path: Path) -> dict[str, int]:
    return {str(entry.identity).rpartition(":")[2]: entry.entries for entry in cache_stats(path)}


def test_stats_tell_entries_size_and_age_by_model(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cache", "stats"]) == 0
    total, first, second = capsys.readouterr().out.splitlines()
    assert total.startswith(f"{cache}: 7 answers, ")
    assert first.startswith("  openai:https://a.b/v1:one: 5 answers, ")
    assert second.startswith("  openai:https://a.b/v1:other: 2 answers, ")
    assert first[-24:-14] == first[-10:] < second[-10:]


def test_stats_tell_how_many_hold_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused = CallFailure("refused: no", 9, 3, "refused")
    box = CachedBlackBox(ScriptedBlackBox({"a": "A", "b": refused}, "m"), tmp_path / "cache")
    box.complete([Request("a"), Request("b")])
    assert cli.main(["cache", "stats", "--path", str(tmp_path / "cache")]) == 0
    assert "  m: 2 answers (1 refused, filtered or empty), " in capsys.readouterr().out


def test_stats_of_no_cache_are_zero(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cache", "stats", "--path", str(tmp_path / "none")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'none'}: 0 answers, 0 bytes\n"


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        (["prune", "--older_than", "1"], {"other": 2}),
        (["prune", "--older_than=3"], {"one": 5, "other": 2}),
        (["prune", "--model=other"], {"one": 5}),
        (["prune", "--model=other", "--older_than=1"], {"one": 5, "other": 2}),
        (["clear", "--yes"], {}),
    ],
)
def test_what_is_named_goes(
    cache: Path, arguments: list[str], kept: dict[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["cache", *arguments]) == 0
    assert left(cache) == kept
    assert capsys.readouterr().out == f"{7 - sum(kept.values())} answers removed from {cache}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["clear"], "expected --yes, as 7 answers"),
        (["prune"], "expected --older_than DAYS or --model M"),
        (["prune", "--older_than=soon"], "invalid days value: 'soon'"),
        (["prune", "--older_than=-1"], "invalid days value: '-1'"),
        (["shrink"], "shrink"),
        ([], "required"),
        (["stats", "--path", str(ROOT / "README.md")], "Expected a call cache at"),
    ],
)
def test_wrong_arguments_remove_nothing(
    cache: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["cache", *arguments]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert said in line
    assert left(cache) == {"one": 5, "other": 2}


def test_a_hostile_name_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box = CachedBlackBox(ScriptedBlackBox(lambda _: "x", "m\x1b[2J\n" + "x" * 500), tmp_path / "cache")
    box.complete([Request("a")])
    assert cli.main(["cache", "stats", "--path", str(tmp_path / "cache")]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 2
    assert "\x1b" not in shown[1]
    assert len(shown[1]) < 200


@pytest.mark.parametrize("arguments", [["cache", "stats"], ["cache", "prune", "--help"], ["--help"]])
def test_it_starts_without_torch(arguments: list[str]) -> None:
    code = f"import sys, cli\ntry: cli.main({arguments})\nexcept SystemExit: pass\nsys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True).returncode == 0
