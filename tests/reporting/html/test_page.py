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

from duet.reporting.advice import shared_warnings, warnings
from duet.reporting.html.charts import best_so_far, curve_chart
from duet.reporting.html.explorer import MOST_ROWS, answers_explorer, as_script_data, instructions_explorer
from duet.reporting.html.page import run_page, runs_page, write_run_page
from duet.reporting.html.runs_explorer import runs_explorer
from duet.reporting.paper_tables import all_tables
from duet.reporting.runs import read_run
from duet.reporting.untrusted import NotReportable
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
    return [run_page(runs[0]), runs_page(runs, tables, [(HOSTILE, "<svg/>", "<svg/>")], [HOSTILE, *left_out])]


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
    assert instructions["rows"] == [[0.5, 2, 0, HOSTILE, None, HOSTILE]]
    assert instructions["winners"] == [0]
    assert [instructions["texts"][place] for place in instructions["details"][0]["outputs"]] == [HOSTILE, HOSTILE]
    assert instructions["sets"] == [
        [{"input": example["input"], "expected": example["expected"]} for example in EXAMPLES[:2]]
    ]
    assert tested["rows"][0] == [1, "c d", "d", HOSTILE, 0.0, "d", 1.0]


def test_the_page_of_a_run_shows_score_start_interval_and_gain(hostile: Path) -> None:
    text = run_page(read_run(hostile))
    assert "<b>0.800</b><span>0.700 to 0.900, n = 10</span>" in text
    assert 'class="interval" x1="70.00%" x2="90.00%"' in text
    assert "Best − start: 0.500 on the same 2 examples, 95 % bootstrap interval 0.000 to 1.000." in text


def test_a_phone_breaks_a_tasks_name_between_its_words(make_run: MakeRun) -> None:
    text = run_page(read_run(make_run("a", task="sort_<b>_words")))
    assert "<h1>sort_<wbr>&lt;b&gt;_<wbr>words</h1>" in text
    assert "<title>sort_&lt;b&gt;_words</title>" in text


def test_a_run_without_test_score_or_records_of_it_has_a_page(make_run: MakeRun) -> None:
    untested: dict[str, Any] = {"test_score": None, "test_interval": None, "initial_best_test_score": None}
    text = run_page(read_run(make_run("a", **untested, cost_usd=None, candidates=())))
    assert text.count("<b>") == 2
    assert "prices unknown" in text
    assert "No instruction was recorded." in text


def test_an_unfinished_run_gets_a_page_that_says_so(make_run: MakeRun) -> None:
    folder = make_run("a")
    (folder / "result.json").unlink()
    page = write_run_page(folder)
    assert page == folder / "report.html"
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "The run has not finished: these are its scores so far." in text
    assert "2 iterations, 4 instructions scored; unfinished." in text


def test_a_folder_without_scores_gets_no_page(make_run: MakeRun) -> None:
    folder = make_run("a", candidates=[])
    (folder / "result.json").unlink()
    with pytest.raises(NotReportable, match="no instruction is scored"):
        write_run_page(folder)
    assert not (folder / "report.html").exists()


def test_several_runs_show_tables_runs_and_every_instruction_of_each(make_run: MakeRun) -> None:
    runs = labelled(grid(make_run))
    text = runs_page(runs, all_tables(runs)[0], [], [])
    assert "<h1>8 runs</h1>" in text
    assert "2 tasks, 2 methods, 2 seeds." in text
    assert '<td class="number lead-entry">0.700 ± 0.100</td>' in text
    rows, instructions = json.loads(Seen(text).raw["script"][0])
    assert (len(rows["rows"]), len(instructions["rows"])) == (8, 32)
    assert len(instructions["sets"]) == 1


def test_too_many_instructions_are_cut_to_each_runs_best(make_run: MakeRun) -> None:
    many = [candidate(0, f"i {index}", index / MOST_ROWS) for index in range(MOST_ROWS)]
    runs = labelled([make_run("many", candidates=many), make_run("few", seed=1)])
    view, cut = instructions_explorer(runs)
    assert cut
    assert len(view["rows"]) == MOST_ROWS // 2 + 4
    assert view["rows"][0][3] == (MOST_ROWS - 1) / MOST_ROWS


def test_numbers_of_examples_stand_beside_the_scores(make_run: MakeRun) -> None:
    race = (*CANDIDATES, candidate(3, "Say all.", 0.0, n=1, scores=[0.0], outputs=["a"]))
    explorer, _ = instructions_explorer([read_run(make_run("a", candidates=race))])
    assert [each["label"] for each in explorer["columns"][:2]] == ["Score", "Examples"]
    assert {row[3]: row[1] for row in explorer["rows"]}["Say all."] == 1


def test_the_winner_stands_first_and_its_row_is_named(make_run: MakeRun) -> None:
    explorer, _ = instructions_explorer([read_run(make_run("a"))])
    assert explorer["winners"] == [0]
    assert explorer["rows"][0][3] == "Say the last word."


def test_the_winning_run_of_a_task_is_chosen_by_validation_and_never_by_the_test(make_run: MakeRun) -> None:
    folders = [
        make_run("a", test_score=1.0, validation_score=0.5),
        make_run("b", seed=1, test_score=0.1, validation_score=0.75),
        make_run("alone", task="alone"),
    ]
    assert runs_explorer(labelled(folders))["winners"] == [1]


def test_what_was_scored_of_an_answer_stands_beside_it(make_run: MakeRun) -> None:
    raw = ["<think>hm</think>\nThe answer is b.", "b"]
    scored = candidate(0, "a", 1.0, outputs=raw, extracted=["b", "b"])
    tested = EXAMPLES[2] | {"best_output": "It is d.", "best_extracted": "d", "initial_extracted": None}
    run = read_run(make_run("a", candidates=[scored], examples=[*EXAMPLES[:2], tested]))
    explorer, _ = instructions_explorer([run])
    [detail] = explorer["details"]
    assert [explorer["texts"][place] for place in detail["outputs"]] == raw
    assert [explorer["texts"][place] for place in detail["extracted"]] == ["b", "b"]
    table = answers_explorer(run)
    assert table is not None
    row = dict(zip([each["label"] for each in table["columns"]], table["rows"][0], strict=True))
    assert (row["Best answer"], row["Best: scored part"], row["Start: scored part"]) == ("It is d.", "d", None)


def test_a_page_holds_the_answers_of_the_best_and_no_more_than_it_can_show(make_run: MakeRun) -> None:
    many = [
        candidate(0, f"i {place}", place / 4000, outputs=[f"{place} {'x' * 3000}", f"{place} {'y' * 3000}"])
        for place in range(4000)
    ]
    explorer, cut = instructions_explorer([read_run(make_run("a", candidates=many))])
    shown = [place for place, detail in enumerate(explorer["details"]) if detail]
    assert not cut
    assert shown == list(range(len(shown)))  # the best stand first
    assert 6 * 2**20 <= sum(map(len, explorer["texts"])) < 6.1 * 2**20
    assert explorer["texts"][0].endswith(" … (3,005 characters)")


def test_the_table_begins_as_a_search_prefers_its_instructions(make_run: MakeRun) -> None:
    racing = [
        candidate(0, "Lucky.", 1.0, n=1, scores=[1.0], outputs=["a"], posterior=0.9),
        candidate(0, "Fair.", 0.5, posterior=0.6),
        candidate(1, "Good.", 0.5, posterior=0.8),
    ]
    explorer, _ = instructions_explorer([read_run(make_run("a", candidates=racing, best_instruction="Good."))])
    labels = [each["label"] for each in explorer["columns"]]
    assert [row[labels.index("Instruction")] for row in explorer["rows"]] == ["Good.", "Fair.", "Lucky."]
    assert (explorer["winners"], explorer["sort"]) == ([0], [labels.index("Examples"), -1])


def test_the_head_names_model_metric_splits_cost_and_troubles(make_run: MakeRun) -> None:
    folder = make_run(
        "a", model="gpt-4o-mini", metric="exact_match", splits={"demonstrations": 5, "validation": 20, "test": 100},
        possibly_charged_usd=0.5, answers={"cut": 17, "empty": 0, "refused": 2},
    )  # fmt: skip
    text = run_page(read_run(folder))
    facts = dict(re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", text))
    assert facts["Model"] == "gpt-4o-mini"
    assert facts["Metric"] == "exact_match"
    assert facts["Examples"] == "5 demonstrations, 20 validation, 100 test"
    assert facts["Cost"] == "$0.0125, possibly $0.5000 more"
    assert (facts["Answers cut"], facts["Answers refused"]) == ("17", "2")
    assert "Answers empty" not in facts
    assert "17 answers were cut at the token limit and scored as they were; raise the limit on answer tokens." in text


def test_warnings_of_the_run_are_shown_first_and_not_said_twice(make_run: MakeRun) -> None:
    warning = "17 answers were cut: set max_tokens higher."
    run = read_run(make_run("a", warnings=[warning, {"message": "<b>"}], answers={"cut": 17}))
    assert warnings(run) == [warning, '{"message": "<b>"}']
    text = run_page(run)
    assert text.index(warning) < text.index("Best instruction")
    assert "&lt;b&gt;" in text


def test_a_start_that_tests_better_and_scores_of_zero_are_doubted(make_run: MakeRun) -> None:
    better = read_run(make_run("a", initial_best_test_score=0.9))
    assert [line[:51] for line in warnings(better)] == ["On the test examples the start scores higher than t"]
    pairs = [{"split": "test", "input": "a", "outputs": ["b"], "best_score": 0.0, "initial_score": 1.0}]
    by_chance = read_run(make_run("c", initial_best_test_score=0.9, examples=pairs))
    assert ["may be chance" in line for line in warnings(by_chance)] == [True]
    clear = read_run(make_run("d", initial_best_test_score=0.9, examples=pairs * 20))
    assert ["Take the start" in line for line in warnings(clear)] == [True]
    zeros = read_run(make_run("b", candidates=[candidate(0, "a", 0.0)], initial_best_test_score=None))
    assert [line[:32] for line in warnings(zeros)] == ["No instruction scored above 0. L"]
    assert shared_warnings([better, zeros, zeros])[1].startswith("2 runs: No instruction")


def test_own_instructions_stand_beside_the_best_with_their_numbers_of_examples(make_run: MakeRun) -> None:
    own = [
        {"instruction": "Mine.", "validation_score": 0.25, "n": 20, "test_score": 0.5},
        {"instruction": "Also <mine>.", "validation_score": 0.125, "n": 5, "test_score": None},
    ]
    text = run_page(read_run(make_run("a", own_instructions=own)))
    assert "<p>Yours 1: Mine.</p>" in text
    assert "<p>Yours 2: Also &lt;mine&gt;.</p>" in text
    assert "<b>0.500</b><span>n = 10</span>" in text
    assert "<b>0.125</b><span>n = 5</span>" in text


def test_the_whole_prompt_can_be_copied(make_run: MakeRun) -> None:
    prompt = {"text": "Be brief.\n{input}", "messages": [{"role": "user", "content": "Be brief.\n{input}"}]}
    assert 'data-text="Be brief.\n{input}"' in run_page(read_run(make_run("a", best_prompt=prompt)))
    template = {"search": {"scoring": {"template": "{instruction} > {input}"}}}
    assert 'data-text="Say the last word. &gt; {input}"' in run_page(read_run(make_run("b", settings=template)))
    assert "Copy the whole prompt" not in run_page(read_run(make_run("c")))


def test_script_data_never_holds_what_ends_a_script() -> None:
    assert as_script_data([{"a": "</script><!--&\u2029"}]) == (
        '[{"a":"\\u003c/script\\u003e\\u003c!--\\u0026\\u2029"}]'
    )


def test_the_best_so_far_never_falls() -> None:
    assert best_so_far([(0, 0.25), (0, 0.5), (3, 0.75), (1, 0.125)]) == [(0, 0.5), (3, 0.75)]
    assert best_so_far([(0, 0.5), (30_000_000, 0.25)]) == [(0, 0.5), (30_000_000, 0.5)]
    assert best_so_far([]) == []


def test_a_curve_reaches_the_corners_of_its_frame() -> None:
    text = curve_chart({"a": [(0, 0.0), (1, 1.0)]}, [(1, 0.5)], "told <so>", "steps")
    assert 'd="M0.0 100.0H0.0V100.0H1000.0V0.0"' in text
    assert 'd="M1000.0 50.0h0"' in text
    assert "told &lt;so&gt;" in text
    assert "<span>1</span><span>0.75</span><span>0.5</span><span>0.25</span><span>0</span>" in text


def test_the_credible_interval_stands_beside_the_posterior_mean_that_it_is_of(make_run: MakeRun) -> None:
    folder = make_run(
        "a", validation_score=0.91, validation_n=89, validation_posterior=0.69, validation_interval=[0.61, 0.77]
    )
    rows = re.findall(r'<div class="score"><div>(.*?)</div>.*?<span>(.*?)</span>', run_page(read_run(folder)))
    assert ("Best", "n = 89") in rows
    assert ("Best, posterior", "0.610 to 0.770") in rows
