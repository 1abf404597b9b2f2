"""Nobody pays without having agreed to it, and what was paid is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from duet.amounts import usd
from duet.commands import main as cli
from duet.spending.cache_file import cache_stats, user_cache_path
from tests.commands.conftest import at

SCORES = (4 + 2) * 3 + 2  # and a tenth on top for leaders that are tied
CALLS, PRICE = 4 * 5 + SCORES + 2 * 8, (20 * 100 + 5 * 200) / 10**6  # at most, and of one call
CAP = "--search.budget.max_calls=60"


def test_without_a_cap_the_run_says_what_it_can_cost_and_asks_nothing(
    folder: Path, paid: list[str], server: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["fit", *paid]) == 2
    out, shown = capfd.readouterr()
    assert out == ""
    [line] = shown.splitlines()
    assert line.startswith(f"duet: search.budget: expected a cap, as this run can spend up to {CALLS} calls, ")
    assert "tokens, $" in line
    assert line.endswith(
        "set search.budget.max_cost_usd, max_calls or max_tokens (in Python: budget=duet.Budget(max_cost_usd=2)), "
        "or start without a cap by --yes (in Python: uncapped=True)"
    )
    assert (server.requests, Path("run").exists()) == ([], False)


@pytest.mark.parametrize(
    "consent", ["--yes", CAP, "--search.budget.max_tokens=40000", "--search.budget.max_cost_usd=3"]
)
def test_with_a_cap_or_a_yes_it_runs_and_tells_what_it_paid(
    folder: Path, paid: list[str], server: Any, consent: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["fit", *paid, consent]) == 0
    out, shown = capfd.readouterr()
    result = json.loads(Path("run/result.json").read_text())
    assert result["cost_usd"] == pytest.approx(PRICE * len(server.requests))
    assert len(server.requests) <= result["calls"] <= CALLS
    assert f"tokens, {usd(result['cost_usd'])}, " in out
    for beginning in ("4 initial instructions of ", "4 instructions scored, ", "iteration 1/2: "):
        assert ", $0." in next(line for line in shown.splitlines() if line.startswith(beginning))
    assert [entry.entries for entry in cache_stats(user_cache_path())] == [len(server.requests)]


def test_yes_is_not_remembered(folder: Path, paid: list[str], server: Any) -> None:
    assert cli.main(["fit", *paid, "--yes"]) == 0
    assert "yes" not in Path("run/config.yaml").read_text().replace("yes_", "")
    assert cli.main(["fit", *paid, "--search.iterations=3"]) == 2
    assert cli.main(["fit", *paid]) == 0  # finished: it costs nothing


def test_a_dry_run_asks_and_leaves_nothing(
    folder: Path, paid: list[str], server: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    weights = [
        "--white_box=duet.models.huggingface_white_box.HuggingFaceWhiteBox",
        "--white_box.init_args.model=nobody/no-model",
    ]
    assert cli.main(["fit", *paid, *weights, "--dry_run"]) == 0
    out, shown = capfd.readouterr()
    lines = out.splitlines()
    assert lines[1] == f"  m at {server.url}"
    assert [line.split(":")[0].strip() for line in lines[2:]] == [
        "first instructions", "scores", "final test", "Together", "Likely", "Caps",
    ]  # fmt: skip
    assert lines[3].startswith(f"    scores: {SCORES} calls, ")
    assert lines[5].startswith(f"Together: {CALLS} calls, ")
    assert (shown, server.requests, server.listed) == ("", [], [])
    assert not Path("run").exists()
    assert not user_cache_path().exists()


def test_a_dry_run_fits_80_columns_whatever_the_address_is(
    folder: Path, paid: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    address = f"http://localhost:1/{'deployment/' * 3}v1"
    proposer = [argument.replace("--black_box", "--proposer") for argument in at(address)]
    assert cli.main(["fit", *paid, *proposer, "--dry_run"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert lines[1] == f"  m at {address}"


def test_a_dry_run_of_models_in_this_process_costs_nothing(
    folder: Path, search: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["fit", *search, "--black_box=duet.models.fakes.HashingBlackBox", "--dry_run", CAP]) == 0
    out = capfd.readouterr().out.splitlines()
    assert out[-2].endswith("tokens, $0")
    assert out[-1] == "Caps: max_calls 60"


def test_a_cap_in_dollars_needs_prices(
    folder: Path, paid: list[str], server: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    unpriced = [argument for argument in paid if "prices" not in argument]
    assert cli.main(["fit", *unpriced, "--search.budget.max_cost_usd=1"]) == 2
    [line] = capfd.readouterr().err.splitlines()
    assert line.startswith(
        "duet: search.budget.max_cost_usd: expected known prices but there are none for m at http://127"
    )
    assert server.requests == []


def test_a_server_on_this_machine_without_prices_needs_no_cap(folder: Path, paid: list[str], server: Any) -> None:
    unpriced = [argument for argument in paid if "prices" not in argument]
    assert cli.main(["fit", *unpriced]) == 0
    assert json.loads(Path("run/result.json").read_text())["cost_usd"] is None
    assert not user_cache_path().exists()
    assert Path("run/calls.sqlite").exists()


def test_a_second_run_finds_the_answers_of_the_first(folder: Path, paid: list[str], server: Any) -> None:
    assert cli.main(["fit", *paid, "--yes"]) == 0
    sent = len(server.requests)
    assert cli.main(["fit", *paid, "--yes", "--run_dir=other"]) == 0
    assert len(server.requests) == sent
    first, second = (json.loads(Path(name, "result.json").read_text()) for name in ("run", "other"))
    assert (second["cost_usd"], second["calls"]) == (0.0, first["calls"])


def test_a_cap_without_room_for_the_first_instructions_is_an_error_before_anything_is_asked(
    folder: Path, paid: list[str], server: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["fit", *paid, "--search.budget.max_cost_usd=0.05"]) == 4
    shown = capfd.readouterr().err
    assert "No room for the first instructions; raise search.budget" in shown
    assert "max_cost_usd" in shown
    assert server.requests == []


def test_a_finished_folder_notices_that_the_tasks_file_changed(
    folder: Path, search: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["fit", *search, "--black_box=duet.models.fakes.HashingBlackBox"]
    assert cli.main(arguments) == 0
    lines = Path("good.jsonl").read_text().splitlines()
    Path("good.jsonl").write_text("\n".join(lines[1:]))
    capfd.readouterr()
    assert cli.main(arguments) == 2
    [line] = capfd.readouterr().err.splitlines()
    assert line.startswith("duet: run_dir: run holds a finished run of 't', but the task's files have changed since")
    Path("good.jsonl").write_text("\n".join(lines))
    assert cli.main(arguments) == 0
