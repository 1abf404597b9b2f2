"""``benchmark``: the grid, its cells, what happens to it half-way, and every file under configs/benchmarks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from duet.benchmark.grid import Grid, TaskEntry, read_grid, shard
from duet.commands import main as cli
from duet.commands.report import configured_names
from duet.config_files import CONFIGS, flatten
from duet.models.open_model.causal_lm import EMBEDDED_FOLDER
from duet.reporting.labels import matches
from duet.reporting.paper_tables import TABLE_2, TABLE_5
from duet.session.duet_cli import DuetCLI
from duet.session.output import quiet
from duet.tasks.manifest import benchmark_metrics
from duet.tasks.task import PACKAGED

ROOT = Path(__file__).parents[2]
TASKS, METHODS = ("second_letter", "reverse_word"), ("duet", "random_search")
CELLS = [f"{task}/{method}/0" for task in TASKS for method in METHODS]
FAKES: dict[str, Any] = {
    "black_box": "duet.models.fakes.HashingBlackBox",
    "white_box": "duet.models.fakes.HashingWhiteBox",
}
TINY: dict[str, Any] = {
    "search": {
        "iterations": 2, "threshold": 1.1, "initialisation": {"count": 8},
        "allocation": {"kind": "fixed", "examples": 4},
    },
    "strategy": {"init_args": {"candidates": 8, "choose": 1}},
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory: two small tasks in tasks/."""
    monkeypatch.chdir(tmp_path)
    return make_tasks(tmp_path)


def make_tasks(folder: Path) -> Path:
    for name in TASKS:
        for part, count in (("induce", 20), ("execute", 6)):
            content = json.loads((PACKAGED / part / f"{name}.json").read_text())
            content["examples"] = dict(list(content["examples"].items())[:count])
            place = folder / "tasks" / part / f"{name}.json"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps(content))
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one run of the grid."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(make_tasks(tmp_path_factory.mktemp("whole")))
        write_grid()
        assert benchmark("out") == 0
        return Path("out").absolute()


def write_grid(**changes: Any) -> None:
    """grid.yaml: two tasks, two methods, one seed, with fakes for models."""
    content = {
        "tasks": [{"names": list(TASKS), "directory": "tasks"}], "methods": list(METHODS), "seeds": [0],
        "settings": TINY | FAKES,
    }  # fmt: skip
    Path("grid.yaml").write_text(yaml.safe_dump(content | changes))


def benchmark(output: str, *arguments: str) -> int:
    return cli.main(["benchmark", "--config=grid.yaml", "--output", output, *arguments])


def left_behind(output: str | Path) -> dict[str, tuple[bytes, dict[str, Any]]]:
    """Cell -> scored instructions and result, without the time that it took."""
    found = {}
    for path in sorted(Path(output).glob("*/*/*/result.json")):
        result = json.loads(path.read_text())
        result.pop("seconds")
        name = path.parent.relative_to(output).as_posix()
        found[name] = ((path.parent / "candidates.jsonl").read_bytes(), result)
    return found


def tables(report: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (report / "tables").iterdir()}


@pytest.mark.skipif(not EMBEDDED_FOLDER.is_dir(), reason="the embedded model's weights are missing")
def test_a_grid_of_real_searches_leaves_a_run_per_cell_and_a_report(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_grid(settings=TINY)
    assert benchmark("out") == 0
    lines = capfd.readouterr().out.splitlines()
    cells = [f"{task}, {method}, seed 0" for task in TASKS for method in METHODS]
    assert [line.split(": test score ")[0] for line in lines[:4]] == [
        f"{number} of 4: {cell}" for number, cell in enumerate(cells, start=1)
    ]
    assert sorted(left_behind("out")) == sorted(CELLS)
    assert {result["method"] for _, result in left_behind("out").values()} == {"Duet", "RandomSearch"}
    assert {len(rows.splitlines()) for rows, _ in left_behind("out").values()} == {10}
    assert lines[-1] == "4 run(s): out/report/report.html"
    table = Path("out/report/tables/table_1.csv").read_text()
    assert "Duet" in table
    assert "random search" in table


def test_methods_that_score_the_same_instructions_ask_once_for_them_and_count_them_each(folder: Path) -> None:
    write_grid(tasks=[{"names": ["second_letter"], "directory": "tasks"}])
    assert benchmark("out", "--no_report") == 0
    results = [result for _, result in left_behind("out").values()]
    assert Path("out/second_letter/calls.sqlite").is_file()
    assert not list(Path("out").glob("*/*/*/calls.sqlite"))
    one = write_alone()
    assert results[1]["calls"] == one["calls"]
    assert not Path("out/report").exists()


def write_alone() -> dict[str, Any]:
    """The second cell with a cache of its own."""
    command = read_grid(Path("grid.yaml")).cells(Path("out"))[1].arguments
    assert cli.main(["fit", *command, "--search.cache=run", "--run_dir=alone"]) == 0
    result: dict[str, Any] = json.loads(Path("alone/result.json").read_text())
    assert (Path("alone") / "candidates.jsonl").read_bytes() == left_behind("out")["second_letter/random_search/0"][0]
    return result


def test_a_grid_in_two_processes_that_were_killed_goes_on_as_if_nothing_had_happened(folder: Path, whole: Path) -> None:
    write_grid()
    kill_after_the_first_cell("parts")
    before = left_behind("parts")
    assert 1 <= len(before) < len(CELLS)
    stamps = {name: Path("parts", name, "candidates.jsonl").stat().st_mtime_ns for name in before}
    assert benchmark("parts") == 0
    assert left_behind("parts") == left_behind(whole)
    assert tables(Path("parts/report")) == tables(whole / "report")
    assert stamps == {name: Path("parts", name, "candidates.jsonl").stat().st_mtime_ns for name in before}


def kill_after_the_first_cell(output: str) -> None:
    command = [
        sys.executable,
        str(ROOT / "cli.py"),
        "benchmark",
        "--config=grid.yaml",
        f"--output={output}",
        "--jobs=2",
    ]
    threads = {"OMP_NUM_THREADS": str(3 - min(2, torch.get_num_threads()))}  # others than here: all is the same
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True, env=os.environ | threads)
    deadline = time.monotonic() + 300
    while not left_behind(output):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_two_shards_on_two_machines_are_the_whole_and_so_are_their_tables(folder: Path, whole: Path) -> None:
    write_grid()
    assert benchmark("one", "--no_report", "--shard=1/2") == 0
    assert benchmark("other", "--no_report", "--shard=2/2") == 0
    assert (sorted(left_behind("one")), sorted(left_behind("other"))) == (sorted(CELLS[::2]), sorted(CELLS[1::2]))
    assert left_behind("one") | left_behind("other") == left_behind(whole)
    assert cli.main(["report", "one", "other", "--paper", "--output=merged"]) == 0
    assert tables(Path("merged")) == tables(whole / "report")
    assert "table_1.csv" in tables(Path("merged"))


def test_a_task_can_have_settings_of_its_own(folder: Path) -> None:
    shorter = {"names": [TASKS[1]], "directory": "tasks", "settings": {"search": {"iterations": 1}}}
    write_grid(tasks=[{"names": [TASKS[0]], "directory": "tasks"}, shorter], methods=["random_search"])
    assert benchmark("out", "--no_report") == 0
    scored = {name.partition("/")[0]: len(rows.splitlines()) for name, (rows, _) in left_behind("out").items()}
    assert scored == {TASKS[0]: 8 + 2, TASKS[1]: 8 + 1}


def test_a_cell_that_fails_is_tried_once_more_and_stops_no_other(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("wrong.yaml").write_text("model: {depth: 0}\n")
    write_grid(methods=["wrong.yaml", "duet"], tasks=[{"names": ["second_letter"], "directory": "tasks"}])
    assert benchmark("out") == 1
    out, shown = capfd.readouterr()
    failed = "second_letter, wrong, seed 0: failed: Expected depth"
    assert [line.partition(failed)[0] for line in out.splitlines() if failed in line] == ["0 of 2: ", "1 of 2: "]
    assert list(left_behind("out")) == ["second_letter/duet/0"]
    [line] = [line for line in shown.splitlines() if "failed twice" in line]
    assert "python " in line
    assert "--config=wrong.yaml" in line


def test_a_dry_run_is_the_sum_of_its_cells_and_makes_no_call(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    box = {
        "class_path": "duet.models.openai_black_box.OpenAIBlackBox",
        "init_args": {"model": "gpt-4o", "base_url": "https://api.openai.com/v1"},
    }
    longer = {"names": [TASKS[1]], "directory": "tasks", "settings": {"search": {"iterations": 3}}}
    tasks = [{"names": [TASKS[0]], "directory": "tasks"}, longer]
    write_grid(tasks=tasks, seeds=[0, 1], variants=["black_box_writes"], settings=TINY | FAKES | {"black_box": box})
    assert benchmark("out", "--dry_run") == 0
    total = capfd.readouterr().out
    each = []
    for cell in read_grid(Path("grid.yaml")).cells(Path("out")):
        assert cli.main(["fit", *cell.arguments, "--dry_run"]) == 0
        [line] = [line for line in capfd.readouterr().out.splitlines() if line.startswith("Together: ")]
        each.append(line.removeprefix("Together: "))
    for word in ("calls", "tokens"):
        assert number_before(word, total) == sum(number_before(word, line) for line in each) > 0
    assert "12 cells" in total
    assert "$" in total
    assert not Path("out").exists()
    assert benchmark("out") == 2
    line = capfd.readouterr().err
    assert "expected a cap" in line
    assert line.startswith("duet: second_letter, duet, seed 0: ")
    assert not Path("out").exists()


def number_before(word: str, text: str) -> int:
    return int(text.split(f" {word}")[0].split()[-1].replace(",", ""))


def test_commands_are_one_line_per_cell_and_do_the_same(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_grid()
    assert benchmark("out", "--commands", "--shard=2/4") == 0
    [line] = capfd.readouterr().out.splitlines()
    python, *module, subcommand = line.split()[:4]
    assert (Path.cwd() / python, module, subcommand) == (Path(sys.executable), ["-m", "duet"], "fit")
    arguments = line.split()[4:]
    assert cli.main(["fit", *arguments]) == 0
    assert list(left_behind("out")) == [CELLS[1]]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a key": ({"task": []}, "no such key: task (did you mean tasks?)"),
    "no tasks": ({"tasks": []}, "tasks: expected a list but found []"),
    "a task twice": ({"tasks": ["sum", "sum"]}, "tasks: expected each name once but sum appears twice"),
    "a task's name": ({"tasks": ["second_leter"]}, "did you mean 'second_letter'"),
    "a task's key": ({"tasks": [{"names": ["a"], "folder": "b"}]}, "tasks: a: "),
    "a method": ({"methods": ["duett"]}, "duett.yaml (did you mean duet?)"),
    "a variant": ({"variants": ["depth_2"]}, "depth_2.yaml"),
    "a variant without its base": (
        {"methods": ["ape"], "variants": ["depth_1"]},
        "variants: expected their base, duet",
    ),
    "a base that is no method": ({"base": "paper"}, "variants: expected their base, paper, among the methods"),
    "no base": ({"base": 1}, "base: expected the name of a method but found 1"),
    "a model": ({"models": ["vicunia"]}, "vicunia.yaml"),
    "a seed": ({"seeds": ["one"]}, "seeds: expected whole numbers of at least 0 but found 'one'"),
    "settings": ({"settings": [1]}, "settings: expected keys and values but found [1]"),
    "a task's settings": (
        {"tasks": [{"names": ["second_letter"], "settings": 1}]},
        "tasks: settings: expected keys and values but found 1",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_grid_is_said_in_one_line(case: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content, said = WRONG[case]
    write_grid(**content)
    assert benchmark("out") == 2
    [line] = capfd.readouterr().err.splitlines()
    assert said in line
    assert not Path("out").exists()


def test_columns_of_a_grid_can_be_chosen_and_its_models_replaced(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("mine.yaml").write_text("black_box: duet.models.fakes.HashingBlackBox\n")
    write_grid(variants=["depth_1"], models=["openai"])
    assert benchmark("out", "--commands", "--models", "mine.yaml", "--columns", "duet+depth_1") == 0
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) == len(TASKS)
    assert all("--config=mine.yaml" in line and "depth_1.yaml" in line and "openai" not in line for line in lines)
    assert benchmark("out", "--commands", "--columns", "duet+depth_2") == 2
    assert "no such column: duet+depth_2 (did you mean duet+depth_1?)" in capfd.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--shard=3/2"], ["--shard=0/2"], ["--shard=one"], ["--jobs=0"], ["--output=grid.yaml"]]
)
def test_a_wrong_argument_is_said_in_one_line(
    arguments: list[str], folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_grid()
    assert benchmark("out", *arguments) == 2
    [line] = capfd.readouterr().err.splitlines()
    assert arguments[0].split("=")[0] in line


def test_shards_have_no_cell_in_common_and_leave_none_out() -> None:
    cells = read_grid(CONFIGS / "benchmarks" / "embedded_quick.yaml").cells(Path("out"))
    parts = [shard(cells, f"{number}/4") for number in range(1, 5)]
    assert sorted(map(str, cells)) == sorted(str(cell) for part in parts for cell in part)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


# The files of configs/


class Parsed(DuetCLI):
    """Reads the settings and stops there."""

    def before_instantiate_classes(self) -> None: ...

    def instantiate_classes(self) -> None: ...

    def _run_subcommand(self, subcommand: str) -> None: ...


def content(path: Path) -> dict[str, Any]:
    flat = flatten(yaml.safe_load(path.read_text(encoding="utf-8")))
    return {key.replace(".class_path", ""): value for key, value in flat.items()}


@pytest.mark.parametrize("name", ["paper", "embedded_quick"])
def test_every_column_of_a_benchmark_is_what_its_files_say(name: str) -> None:
    quiet()
    grid = read_grid(CONFIGS / "benchmarks" / f"{name}.yaml")
    first = next(iter(grid.tasks))
    one_row = replace(grid, tasks={first: TaskEntry()}, seeds=grid.seeds[:1])
    for cell in one_row.cells(Path("out")):
        method, _, variant = cell.method.partition("+")
        [own] = [entry.settings for entry in grid.methods if entry.name == method]
        wanted = dict(grid.settings) | content(CONFIGS / "methods" / f"{method}.yaml") | dict(own)
        wanted |= content(CONFIGS / "ablations" / f"{variant}.yaml") if variant else {}
        flat = flatten(Parsed(cell.arguments).config.fit.as_dict())
        parsed = {key.replace(".class_path", ""): value for key, value in flat.items()}
        assert {key: parsed[key] for key in wanted} == wanted
        assert (parsed["task.name"], parsed["seed_everything"]) == (first, 0)


def test_a_report_knows_every_ablation_by_the_name_of_its_file() -> None:
    names = configured_names()
    for name, changes in names.ablations.items():
        assert matches({**names.defaults, **changes}, names.ablations) == [name]


def test_the_embedded_models_benchmark_has_every_method_and_the_papers_ablations() -> None:
    grids = {
        name: read_grid(CONFIGS / "benchmarks" / f"{name}.yaml") for name in ("embedded", "embedded_quick", "paper")
    }
    plain = {path.stem for path in (CONFIGS / "methods").glob("*.yaml") if not path.stem.endswith("paper")}
    methods = {name: {entry.file for entry in grid.methods} for name, grid in grids.items()}
    assert methods["embedded"] == methods["embedded_quick"] == plain - {"duet"}
    assert set(grids["embedded"].variants) - {"pooling_mean"} < set(grids["paper"].variants)
    assert (len(grids["embedded"].seeds), len(grids["embedded_quick"].cells(Path("out")))) == (5, 63)


def test_the_paper_is_thirty_tasks_three_seeds_its_method_and_its_baselines_as_published() -> None:
    grid = read_grid(CONFIGS / "benchmarks" / "paper.yaml")
    assert set(grid.tasks) == set(benchmark_metrics())
    published = {path.stem for path in (CONFIGS / "methods").glob("*paper.yaml")}
    assert {entry.name for entry in grid.methods} == published - {"ape_ucb_paper"} | {"duet", "random_search"}
    cells = grid.cells(Path("out"))
    assert len(cells) == 30 * 3 * (len(grid.methods) + len(grid.variants))
    changed = {cell.method.partition("+")[0] for cell in cells if "+" in cell.method}
    assert changed == {"paper"}


def test_the_papers_ablations_change_the_papers_method() -> None:
    cells = read_grid(CONFIGS / "benchmarks" / "paper.yaml").cells(Path("out"))
    [files] = {
        tuple(argument for argument in cell.settings if argument.startswith("--config="))
        for cell in cells
        if cell.method == "paper+depth_1"
    }
    assert [Path(file.removeprefix("--config=")).stem for file in files] == ["openai", "vicuna", "paper", "depth_1"]


def test_the_held_out_tasks_are_in_no_other_grid_and_every_column_has_every_budget() -> None:
    grid = read_grid(CONFIGS / "benchmarks" / "held_out.yaml")
    others = {task for name in ("embedded", "embedded_quick", "paper") for task in _grid_of(name).tasks}
    assert len(grid.tasks) >= 8
    assert not grid.tasks.keys() & others
    columns = {cell.method for cell in grid.cells(Path("out"))}
    assert len(columns) == len(grid.methods) * 3
    assert {"duet+500_calls", "ape+1100_calls", "ape+fixed+2000_calls", "paper+fixed+2000_calls"} <= columns


def test_where_the_others_score_one_instruction_per_iteration_random_search_does_so_too() -> None:
    for name in ("embedded", "embedded_quick"):
        [settings] = [entry.settings for entry in _grid_of(name).methods if entry.file == "random_search"]
        assert settings == {"strategy.init_args.choose": 1}


def test_methods_with_settings_of_their_own_have_them_behind_their_file_and_in_their_name(folder: Path) -> None:
    own = {"names": ["random_search"], "variant": "quick", "settings": {"search": {"iterations": 1}}}
    write_grid(methods=["duet", own], max_calls=[7, 9])
    cells = read_grid(Path("grid.yaml")).cells(Path("out"))
    assert [cell.method for cell in cells[:4]] == [
        "duet+7_calls", "duet+9_calls", "random_search+quick+7_calls", "random_search+quick+9_calls",
    ]  # fmt: skip
    assert cells[2].settings[-2:] == ("--search.iterations=1", "--search.budget.max_calls=7")


@pytest.mark.parametrize(
    ("methods", "words"),
    [
        ([{"names": ["duet"], "setting": {}}], "no such key: setting"),
        ([{"names": ["duet"], "variant": "a/b"}], "variant: expected a name but found 'a/b'"),
        ([{"settings": {}}], "expected a list but found None"),
        (["duet", {"names": ["duet"]}], "duet appears twice"),
    ],
)
def test_an_entry_of_methods_that_says_nothing_is_refused(
    folder: Path, capfd: pytest.CaptureFixture[str], methods: list[Any], words: str
) -> None:
    write_grid(methods=methods)
    assert benchmark("out", "--commands") == 2
    assert words in capfd.readouterr().err


def test_the_page_about_the_paper_names_columns_of_its_grid_and_every_table_has_what_it_shows() -> None:
    page = (ROOT / "docs" / "paper.md").read_text(encoding="utf-8")
    columns = {cell.method for cell in _grid_of("paper").cells(Path("out"))}
    rows = [line.split("|") for line in page.splitlines() if "`--columns " in line]
    named = {row[1].strip(): {name for part in row[2].split("`")[1::2] for name in part.split()} for row in rows}
    named = {what: names - {"--columns"} for what, names in named.items()}
    assert len(named) > 6
    assert set().union(*named.values()) <= columns
    assert {name.replace("_", " ").partition("+")[2] for name in named["Table 5"]} == {*TABLE_5, ""}
    assert {*TABLE_2} < {name.replace("_", " ").partition("+")[2] for name in named["Table 2"]}


def _grid_of(name: str) -> Grid:
    return read_grid(CONFIGS / "benchmarks" / f"{name}.yaml")
