"""The page as text: nothing that a model wrote is markup, and nothing comes from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from duet.reporting.html.charts import best_so_far, curve_chart
from duet.reporting.html.explorer import MOST_ROWS, as_script_data, instructions_view
from duet.reporting.html.page import benchmark_page, run_page, write_run_page
from duet.reporting.paper_tables import all_tables
from duet.reporting.runs import NotReportable, read_run
from tests.reporting.conftest import CANDIDATES, MakeRun, candidate
from tests.reporting.test_paper_tables import grid, labelled

HOSTILE = '</script><script>document.title=1</script><img src=x onerror="document.title=\'x\'"> $policy & \'\u2028 "q"'
EXAMPLES: list[dict[str, Any]] = [
    {"split": "validation", "input": "a b", "expected": ["b", "B"]},
    {"split": "validation", "input": HOSTILE, "expected": [HOSTILE]},
    {
        "split": "test", "input": "c d", "expected": ["d"], "best_output": "d", "best_score": 1.0,
        "initial_output": HOSTILE, "initial_score": 0.0,
    },
    {
        "split": "test", "input": "e f", "expected": ["f"], "best_output": "f", "best_score": 1.0,
        "initial_output": "f", "initial_score": 1.0,
    },
]  # fmt: skip


class Seen(HTMLParser):
    """Every tag with its attributes, and the text of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self._within = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._within = tag

    def handle_data(self, data: str) -> None:
        if self._within in self.raw:
            self.raw[self._within].append(data)

    def handle_endtag(self, tag: str) -> None:
        self._within = ""


@pytest.fixture
def hostile(make_run: MakeRun) -> Path:
    candidates = [candidate(0, HOSTILE, 0.5, outputs=(HOSTILE, HOSTILE), origin=HOSTILE)]
    return make_run(
        "hostile", task=HOSTILE, method=HOSTILE, best_instruction=HOSTILE, initial_best_instruction=HOSTILE + "2",
        stop_reason=HOSTILE, candidates=candidates, examples=EXAMPLES, settings={"note": HOSTILE},
    )  # fmt: skip


def pages(folder: Path) -> list[str]:
    runs = labelled([folder])
    tables, left_out = all_tables(runs)
    return [run_page(runs[0]), benchmark_page(runs, tables, [(HOSTILE, "<svg/>", "<svg/>")], [HOSTILE, *left_out])]


@pytest.mark.parametrize("which", [0, 1], ids=["one run", "several"])
def test_a_hostile_text_opens_no_tag_and_sets_no_attribute(hostile: Path, which: int) -> None:
    seen = Seen(pages(hostile)[which])
    assert [tag for tag, _ in seen.tags].count("script") == 2
    assert not [name for _, attributes in seen.tags for name in attributes if name.startswith("on") or name == "style"]
    assert {str(attributes.get("src"))[:11] for tag, attributes in seen.tags if tag == "img"} <= {"data:image/"}


@pytest.mark.parametrize("which", [0, 1], ids=["one run", "several"])
def test_the_pages_policy_knows_its_own_script_and_style_and_no_other_source(hostile: Path, which: int) -> None:
    seen = Seen(pages(hostile)[which])
    policy = next(one["content"] for tag, one in seen.tags if tag == "meta" and "http-equiv" in one)
    digests = {
        kind: base64.b64encode(hashlib.sha256(seen.raw[kind][-1].encode()).digest()).decode() for kind in seen.raw
    }
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{digests['script']}'; style-src 'sha256-{digests['style']}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    links = [value for _, one in seen.tags for key, value in one.items() if key in ("src", "href", "srcset") and value]
    assert [link for link in links if not link.startswith(("data:", "#"))] == []


def test_the_data_come_back_as_they_were(hostile: Path) -> None:
    text = Seen(run_page(read_run(hostile))).raw["script"][0]
    assert not re.search("[<>&\u2028]", text)
    instructions, tested = json.loads(text)
    assert instructions["rows"] == [[0.5, 0, HOSTILE, None, HOSTILE]]
    assert instructions["details"][0]["outputs"] == [HOSTILE, HOSTILE]
    assert instructions["sets"] == [[{"input": one["input"], "expected": one["expected"]} for one in EXAMPLES[:2]]]
    assert tested["rows"][0] == [1, "c d", "d", HOSTILE, 0.0, "d", 1.0]


def test_the_page_of_a_run_shows_score_start_interval_and_gain(hostile: Path) -> None:
    text = run_page(read_run(hostile))
    assert "<b>0.800</b><span>0.700 to 0.900</span>" in text
    assert 'class="interval" x1="70.00%" x2="90.00%"' in text
    assert "Best − start: 0.500, 95 % bootstrap interval over the same examples 0.000 to 1.000." in text


def test_a_phone_breaks_a_tasks_name_between_its_words(make_run: MakeRun) -> None:
    text = run_page(read_run(make_run("a", task="sort_<b>_words")))
    assert "<h1>sort_<wbr>&lt;b&gt;_<wbr>words</h1>" in text
    assert "<title>sort_&lt;b&gt;_words</title>" in text


def test_a_run_without_test_score_or_records_of_it_has_a_page(make_run: MakeRun) -> None:
    untested: dict[str, Any] = {"test_score": None, "test_interval": None, "initial_best_test_score": None}
    text = run_page(read_run(make_run("a", **untested, cost_usd=None, candidates=())))
    assert text.count("not tested") == 2
    assert "prices unknown" in text
    assert "No instruction was recorded." in text


def test_a_finished_run_gets_its_page_and_an_unfinished_one_none(make_run: MakeRun) -> None:
    folder = make_run("a")
    page = write_run_page(folder)
    assert page == folder / "report.html"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    (folder / "result.json").unlink()
    page.unlink()
    with pytest.raises(NotReportable, match="unfinished"):
        write_run_page(folder)
    assert not page.exists()


def test_several_runs_show_tables_runs_and_every_instruction_of_each(make_run: MakeRun) -> None:
    runs = labelled(grid(make_run))
    text = benchmark_page(runs, all_tables(runs)[0], [], [])
    assert "<h1>8 runs</h1>" in text
    assert "2 tasks, 2 methods, 2 seeds." in text
    assert '<td class="number lead-cell">0.700 ± 0.100</td>' in text
    rows, instructions = json.loads(Seen(text).raw["script"][0])
    assert (len(rows["rows"]), len(instructions["rows"])) == (8, 32)
    assert len(instructions["sets"]) == 1


def test_too_many_instructions_are_cut_to_each_runs_best(make_run: MakeRun) -> None:
    many = [candidate(0, f"i {index}", index / MOST_ROWS) for index in range(MOST_ROWS)]
    runs = labelled([make_run("many", candidates=many), make_run("few", seed=1)])
    view, cut = instructions_view(runs)
    assert cut
    assert len(view["rows"]) == MOST_ROWS // 2 + 4
    assert view["rows"][0][3] == (MOST_ROWS - 1) / MOST_ROWS


def test_an_instruction_on_examples_of_its_own_keeps_their_numbers(make_run: MakeRun) -> None:
    folder = make_run("a", examples=EXAMPLES)
    lines = [json.loads(line) for line in (folder / "candidates.jsonl").read_text().splitlines()]
    (folder / "candidates.jsonl").write_text(json.dumps(lines[0] | {"examples": [1, 0]}) + "\n")
    view, _ = instructions_view([read_run(folder)])
    assert view["details"][0]["indices"] == [1, 0]


def test_where_scoring_was_broken_off_the_numbers_of_examples_are_shown(make_run: MakeRun) -> None:
    race = (*CANDIDATES, candidate(3, "Say all.", 0.0, n=1, scores=(0.0,), outputs=("a",)))
    for candidates, last, value in ((CANDIDATES, "Origin", "initial"), (race, "Examples", 2)):
        run = read_run(make_run(f"run of {len(candidates)}", candidates=candidates))
        view, _ = instructions_view([run])
        assert (view["columns"][-1]["label"], view["rows"][0][-1]) == (last, value)


def test_script_data_never_holds_what_ends_a_script() -> None:
    assert as_script_data([{"a": "</script><!--&\u2029"}]) == (
        '[{"a":"\\u003c/script\\u003e\\u003c!--\\u0026\\u2029"}]'
    )


def test_the_best_so_far_never_falls() -> None:
    assert best_so_far([(0, 0.25), (0, 0.5), (3, 0.75), (1, 0.125)]) == [0.5, 0.5, 0.5, 0.75]


def test_a_curve_reaches_the_corners_of_its_frame() -> None:
    text = curve_chart({"a": [0.0, 1.0]}, [(1, 0.5)], "told <so>", "steps")
    assert 'd="M0 100.0H0.0V100.0H1000.0V0.0"' in text
    assert 'd="M1000.0 50.0h0"' in text
    assert "told &lt;so&gt;" in text
    assert "<span>1</span><span>0.75</span><span>0.5</span><span>0.25</span><span>0</span>" in text
