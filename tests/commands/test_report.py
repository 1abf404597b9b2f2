"""``report`` on what ``fit`` left behind: finished, unfinished, something else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from duet.commands import main as cli
from duet.commands.report import MANY

ROOT = Path(__file__).parents[2]
FAKE = "--black_box=duet.models.fakes.HashingBlackBox"


@pytest.fixture
def run(folder: Path, search: list[str], capfd: pytest.CaptureFixture[str]) -> Path:
    """A finished search."""
    assert cli.main(["fit", *search, FAKE]) == 0
    capfd.readouterr()
    return folder / "run"


def test_one_run_becomes_a_page_and_tables(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["report", "run", "--output", "out"]) == 0
    assert capfd.readouterr() == ("1 run(s): out/report.html\n", "")
    page = Path("out/report.html").read_text(encoding="utf-8")
    assert "<h1>t</h1>" in page
    assert "Table 1" not in page
    names = {path.name for path in Path("out").rglob("*.*")}
    tables = {f"{name}.{ending}" for name in ("runs", "pareto") for ending in ("csv", "md", "tex")}
    assert names == {"report.html", "pareto.png", "pareto.svg", *tables}
    best = (run / "best_instruction.txt").read_text(encoding="utf-8").strip()
    assert best in Path("out/tables/runs.csv").read_text(encoding="utf-8")


def test_the_tables_of_the_paper_are_made_where_they_are_asked_for(
    run: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["report", "run", "--output", "out"]) == 0
    assert cli.main(["report", "run", "--output", "out", "--paper"]) == 0
    assert "Figure 3: left out, as it needs two methods" in capfd.readouterr().out
    names = {path.name for path in Path("out/tables").iterdir()}
    assert names >= {"table_1.md", "table_1.csv", "table_4.tex"}
    assert not names & {"runs.csv", "pareto.csv"}
    assert not list(Path("out/figures").iterdir())
    best = (run / "best_instruction.txt").read_text(encoding="utf-8").strip()
    assert best in Path("out/tables/table_4.csv").read_text(encoding="utf-8")


def test_a_finished_search_has_written_its_own_page_with_the_answers_that_were_expected(run: Path) -> None:
    page = (run / "report.html").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in (run / "examples.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [each["split"] for each in lines] == ["validation"] * 16 + ["test"] * 8
    assert all(json.dumps(each["expected"]) in page for each in lines[:3])
    assert {each["best_score"] for each in lines[16:]} <= {0.0, 1.0}
    assert set(json.loads((run / "result.json").read_text())["baselines"]) == {"copy_input", "majority_answer"}


def test_a_mix_is_reported_as_far_as_it_goes_and_each_other_path_gets_a_line(
    run: Path, search: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["fit", *search, FAKE, "--run_dir=two", "--seed_everything=1"]) == 0
    shutil.copytree(run, "unfinished")
    Path("unfinished/result.json").unlink()
    capfd.readouterr()
    assert cli.main(["report", "run", "two", "unfinished", "good.jsonl", "none", "--output", "out"]) == 0
    out, shown = capfd.readouterr()
    assert out.splitlines()[-1] == "2 run(s): out/report.html"
    assert [line.split(":")[0] for line in shown.splitlines()] == ["good.jsonl", "none", "unfinished"]
    page = Path("out/report.html").read_text(encoding="utf-8")
    assert "<h1>2 runs</h1>" in page
    assert "unfinished: left out, as run has the same task, settings and seed" in page


def test_many_runs_take_their_time_and_are_announced(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for number in range(MANY):
        shutil.copytree(run, f"copies/{number}")
    assert cli.main(["report", "run", "copies", "--output", "out"]) == 0
    first, *others = capfd.readouterr().err.splitlines()
    assert first == f"Reading {MANY + 1} run folders"
    assert len(others) == MANY
    assert all(line.endswith(" has the same task, settings and seed") for line in others)


@pytest.mark.parametrize("path", ["empty", "unfinished", "good.jsonl", "gone"])
def test_nothing_to_report_is_bad_input(path: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("empty", "unfinished"):
        Path(name).mkdir()
    Path("unfinished/config.yaml").write_text("seed_everything: 0\n")
    assert cli.main(["report", path, "--output", "out"]) == 2
    lines = capfd.readouterr().err.splitlines()
    assert lines[0].startswith(f"{path}: ")
    assert lines[1:] == [f"duet: report: expected a run but found none in {path}"]
    assert not Path("out").exists()


def test_an_output_that_is_a_file_is_refused_before_anything_is_read(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["report", "gone", "--output", "good.jsonl"]) == 2
    assert capfd.readouterr().err == "duet: --output: expected a folder but good.jsonl is a file\n"


def test_a_report_takes_the_place_of_a_former_one_and_leaves_other_files(run: Path) -> None:
    for name in ("tables/table_5.md", "figures/figure_3.png", "tables/mine.md"):
        Path("out", name).parent.mkdir(parents=True, exist_ok=True)
        Path("out", name).touch()
    assert cli.main(["report", "run", "--output", "out"]) == 0
    assert not Path("out/tables/table_5.md").exists()
    assert not Path("out/figures/figure_3.png").exists()
    assert Path("out/tables/mine.md").exists()


def test_report_needs_no_torch(run: Path) -> None:
    code = "import sys, cli; sys.exit(cli.main(sys.argv[1:]) or bool({'torch', 'lightning'} & set(sys.modules)))"
    command = [sys.executable, "-c", code, "report", str(run), "--output", str(run.parent / "out")]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    assert (run.parent / "out" / "report.html").is_file()
