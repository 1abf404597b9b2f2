"""The figure of score against length."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from duet.reporting.plots.figure import LIGHT, drawable, write_figure
from duet.reporting.plots.pareto_figure import MOST_RUNS, pareto_figures, pareto_plot
from tests.reporting.conftest import MakeRun, candidate
from tests.reporting.test_paper_tables import labelled


def test_the_front_is_a_step_line_through_the_highest_of_each_length(make_run: MakeRun) -> None:
    rows = [
        candidate(0, "a b c", 0.5),
        candidate(0, "a", 0.25),
        candidate(0, "a b", 0.25),
        candidate(0, "a b c d", 0.0),
    ]
    [axes] = pareto_plot(labelled([make_run("a", candidates=rows)]), LIGHT).axes
    [line] = axes.get_lines()
    assert np.asarray(line.get_xydata()).tolist() == [[1.0, 0.25], [3.0, 0.5], [4.0, 0.5]]
    assert axes.get_xlabel() == "length of the instruction, words"


def test_names_in_any_script_and_of_any_length_are_drawn_without_a_warning(make_run: MakeRun, tmp_path: Path) -> None:
    runs = labelled([make_run("a", task="分类 $x$ \ud800\x00" + "y" * 10_000), make_run("b", task="ไทย")])
    [figure], left_out = pareto_figures(runs)
    _, light, _ = write_figure(figure, tmp_path)
    assert left_out == []
    assert ET.fromstring(light).tag.endswith("svg")
    assert len(light) < 1_000_000
    assert drawable("a\x00" + "b" * 100, 4) == "a\N{REPLACEMENT CHARACTER}bb…"


def test_what_can_not_be_drawn_gets_a_line(make_run: MakeRun) -> None:
    many = labelled([make_run(f"{seed}", seed=seed) for seed in range(MOST_RUNS + 1)])
    assert pareto_figures(many) == (
        [], ["Score against length: no figure, as 8 runs are too many for one figure; the table lists all"],
    )  # fmt: skip
    assert pareto_figures(labelled([make_run("none", candidates=[])])) == (
        [], ["Score against length: left out, as no instruction was recorded"],
    )  # fmt: skip
