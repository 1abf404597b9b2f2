"""Figures 2 to 7 are drawn from what the runs hold, and left out otherwise."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from matplotlib.image import imread

from duet.reporting.html.charts import COLOURS
from duet.reporting.paper_tables import all_tables
from duet.reporting.plots.figure import DARK, LIGHT, write_figure
from duet.reporting.plots.paper_figures import (
    LEAST_AREA,
    all_figures,
    bubbles,
    density,
    difficulties,
    paired_curves,
    paired_scores,
)
from duet.reporting.runs import Run
from tests.reporting.conftest import CANDIDATES, MakeRun, candidate
from tests.reporting.test_paper_tables import grid, labelled

SIMILARITY = {"model": {"weight": "none"}}
OUTPUT = {"search": {"iterations": 2, "extractor": {"outputs": "none"}}}


@pytest.fixture
def runs(make_run: MakeRun) -> list[Run]:
    folders = grid(make_run)
    for task, score in (("x", 0.5), ("y", 0.25), ("$z$", 0.1)):
        folders.append(make_run(f"similarity-{task}", settings=SIMILARITY, task=task, test_score=score))
        folders.append(make_run(f"output-{task}", settings=OUTPUT, task=task, candidates=CANDIDATES[:3]))
    folders += [make_run(f"z-{method}", task="$z$", method=method, test_score=0.9) for method in ("Duet", "APE")]
    return labelled(folders)


def test_light_dark_and_page_have_a_colour_for_as_many_methods() -> None:
    assert len({*LIGHT.cycle}) == len({*DARK.cycle}) == COLOURS == 7  # the paper's five, EvoPrompt twice, random search


def test_every_figure_is_written_as_svg_and_png(runs: list[Run], tmp_path: Path) -> None:
    figures, left_out = all_figures(runs)
    assert ([figure.name for figure in figures], left_out) == ([f"figure_{number}" for number in range(2, 8)], [])
    for figure in figures:
        _, light, dark = write_figure(figure, tmp_path)
        assert ET.fromstring(light).tag.endswith("svg")
        assert light != dark
        assert (tmp_path / f"{figure.name}.svg").read_text() == light
        assert np.ptp(imread(tmp_path / f"{figure.name}.png")[..., :3]) > 0.5


def test_the_same_runs_give_the_same_picture(runs: list[Run], tmp_path: Path) -> None:
    once, again = (write_figure(all_figures(runs)[0][1], tmp_path) for _ in range(2))
    assert once == again


def test_what_can_not_be_drawn_says_what_it_needs(make_run: MakeRun) -> None:
    figures, left_out = all_figures(labelled([make_run("one")]))
    assert figures == []
    assert [line.partition(":")[0] for line in left_out] == [f"Figure {number}" for number in range(2, 8)]
    assert left_out[1] == "Figure 3: left out, as it needs two methods"


def test_curves_are_paired_and_a_search_that_ended_stays_where_it_was(make_run: MakeRun) -> None:
    short = (candidate(0, "a", 0.25), candidate(1, "b", 0.0))
    folders = [
        make_run("ours", candidates=(candidate(0, "a", 0.5), candidate(1, "b", 0.25), candidate(3, "c", 0.75))),
        make_run("theirs", settings=OUTPUT, candidates=short),
        make_run("alone", seed=1),
    ]
    places, ours, theirs = paired_curves(labelled(folders), "Duet, without output")
    assert places == [0, 1, 3]
    assert ours.tolist() == [[0.5, 0.5, 0.75]]
    assert theirs.tolist() == [[0.25] * 3]


def test_scores_are_paired_by_task_and_seed(runs: list[Run]) -> None:
    assert paired_scores(runs, "Duet, without similarity").tolist() == [[0.9, 0.1], [0.8, 0.5], [0.5, 0.25]]


def test_bubbles_are_as_large_as_table_3_says(make_run: MakeRun) -> None:
    folders = [*grid(make_run), *(make_run(f"i-{task}", method="Instinct", task=task, test_score=0.9) for task in "xy")]
    table = next(table for table in all_tables(labelled(folders))[0] if table.name == "table_3")
    assert difficulties(labelled(folders)) == pytest.approx({row[0]: row[3] for row in table.rows})
    assert difficulties(labelled([make_run("x", task="x"), make_run("y", task="y")])) == {}  # no baseline


def test_a_task_without_difficulty_has_a_bubble_all_the_same(make_run: MakeRun) -> None:
    cells = [(task, method) for task in ("x", "y") for method in ("Duet", "APE")]
    solved = labelled([make_run(f"{task}-{one}", task=task, method=one, test_score=1.0) for task, one in cells])
    [dots] = bubbles(solved, "Duet", LIGHT).axes[0].collections
    assert difficulties(solved) == {"x": 0.0, "y": 0.0}
    assert min(np.asarray(dots.get_sizes())) == LEAST_AREA  # type: ignore[attr-defined]


def test_a_density_keeps_its_mass_within_the_scores_range() -> None:
    grid = np.linspace(0, 1, 101)
    heights = density(np.array([0.0, 0.0]), grid)
    assert heights[0] == heights.max() == 1.0
    assert heights[50] < 1e-6
