"""Runs get names that keep them apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from duet.commands.report import configured_names
from duet.reporting.labels import Names, dotted, label_runs
from duet.reporting.runs import read_runs
from tests.reporting.conftest import SETTINGS, MakeRun

NAMES = Names(
    methods={
        "duet": dotted({"strategy": "duet.strategies.duet.Duet"}),
        "ape": dotted({"strategy": "m.Ape", "search": {"extractor": {"outputs": "none"}}}),
        "evo ga": dotted({"strategy": {"class_path": "m.Evo", "init_args": {"kind": "ga"}}}),
        "evo": dotted({"strategy": "m.Evo"}),
    },
    ablations={
        "without output": dotted({"search": {"extractor": {"outputs": "none"}}}),
        "fixed weight": dotted({"model": {"weight": "constant", "alpha": 0.01}}),
        "as ever": dotted({"model": {"depth": 3}}),
    },
    defaults=dotted({"model": {"depth": 3}}),
)
NO_OUTPUT = {"search": {"extractor": {"outputs": "none"}}}


@pytest.mark.parametrize(
    ("method", "settings", "label"),
    [
        ("Duet", {}, "Duet"),
        ("Duet", NO_OUTPUT, "Duet, without output"),
        (
            "Duet",
            NO_OUTPUT | {"model": {"weight": "constant", "alpha": 0.01, "depth": 3}},
            "Duet, without output, fixed weight",
        ),
        ("Ape", {"strategy": {"class_path": "m.Ape"}, **NO_OUTPUT}, "APE"),
        ("Evo", {"strategy": {"class_path": "m.Evo", "init_args": {"kind": "ga"}}}, "Evo (ga)"),
        ("Evo", {"strategy": {"class_path": "m.Evo", "init_args": {"kind": "de"}}}, "Evo"),
        ("Own", {"strategy": {"class_path": "mine.Own"}}, "Own"),
    ],
)
def test_a_label_is_method_and_ablation(make_run: MakeRun, method: str, settings: dict[str, Any], label: str) -> None:
    runs, _ = read_runs([make_run("a", settings=settings, method=method)])
    assert [run.label for run in label_runs(runs, NAMES)[0]] == [label]


def test_runs_that_meet_get_the_setting_in_which_they_differ(make_run: MakeRun) -> None:
    other = SETTINGS["search"] | {"iterations": 9}
    runs, _ = read_runs([make_run("a"), make_run("b", settings={"search": other}), make_run("c", seed=1)])
    labelled, problems = label_runs(runs, NAMES)
    assert [run.label for run in labelled] == ["Duet, iterations 2", "Duet, iterations 9", "Duet, iterations 2"]
    assert problems == []


def test_many_differences_are_counted_instead_of_listed(make_run: MakeRun) -> None:
    other = {"search": {"iterations": 9, "threshold": 0.5, "extractor": {"outputs": "white_box", "probes": 2}}}
    runs, _ = read_runs([make_run("a"), make_run("b", settings=other)])
    assert [run.label for run in label_runs(runs, NAMES)[0]] == ["Duet, settings 1", "Duet, settings 2"]


def test_the_same_run_twice_is_counted_once(make_run: MakeRun) -> None:
    runs, _ = read_runs([make_run("a"), make_run("b")])
    labelled, problems = label_runs(runs, NAMES)
    assert [run.folder.name for run in labelled] == ["a"]
    assert "b: left out, as" in problems[0]


def test_a_copy_that_has_not_finished_gives_way_to_the_finished_run(make_run: MakeRun) -> None:
    unfinished, done = make_run("a", settings={"task": {"name": "last_word"}}), make_run("b")
    (unfinished / "result.json").unlink()
    labelled, problems = label_runs(read_runs([unfinished, done])[0], NAMES)
    assert [run.folder.name for run in labelled] == ["b"]
    assert problems == [f"{unfinished}: left out, as {done} has the same task, settings and seed"]


def test_one_name_for_two_tasks_is_two_tasks(make_run: MakeRun) -> None:
    runs, _ = read_runs([make_run("a"), make_run("b", task_fingerprint="0" * 64)])
    assert [run.task for run in label_runs(runs, NAMES)[0]] == ["last_word (ffffff)", "last_word (000000)"]


def test_the_names_of_the_paper_tables_are_configurations() -> None:
    from duet.reporting.method_tables import OURS
    from duet.reporting.paper_tables import TABLE_2, TABLE_5

    names = configured_names()
    assert {*TABLE_2, *TABLE_5} <= set(names.ablations)
    assert names.methods["duet"]["strategy.class_path"].endswith(f".{OURS}")


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({}, "Duet (paper)"),
        ({"search.iterations": 9, "search.threshold": 1.1}, "Duet (paper)"),
        ({"search.extractor.outputs": "none"}, "Duet (paper), without output"),
        ({"model.depth": 5}, "Duet (paper), depth 5"),
    ],
)
def test_the_papers_method_and_its_ablations_are_told_from_ours(
    make_run: MakeRun, changes: dict[str, Any], label: str
) -> None:
    names = configured_names()
    run = read_runs([make_run("a")])[0][0]
    paper = replace(run, settings={**names.defaults, **names.methods["paper"], **changes})
    assert [run.label for run in label_runs([paper], names)[0]] == [label]


def test_every_configured_method_is_a_method_and_every_ablation_a_variant_of_ours(make_run: MakeRun) -> None:
    names = configured_names()
    run = read_runs([make_run("a")])[0][0]
    labels: set[str] = set()
    for settings in names.methods.values():
        method = settings["strategy.class_path"].rpartition(".")[2]
        other = replace(run, settings={**names.defaults, **settings}, result=replace(run.result, method=method))
        [labelled] = label_runs([other], names)[0]
        assert labelled.variant == ""
        labels.add(labelled.method)
    assert len(labels) == len(names.methods)
    for name, settings in names.ablations.items():
        ablated = replace(run, settings={**names.defaults, **settings})
        assert [run.label for run in label_runs([ablated], names)[0]] == [f"Duet, {name}"]
