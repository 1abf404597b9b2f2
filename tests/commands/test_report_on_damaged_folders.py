"""``report`` over folders that somebody else wrote: no damage ends it, and a good run beside them is always shown."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from duet.commands import main as cli
from duet.commands.report import gather
from duet.reporting.html.page import run_page, runs_page
from duet.reporting.run_tables import own_tables
from duet.reporting.table import comma_separated, latex, markdown
from tests.reporting.conftest import CANDIDATES, candidate, result, write_lines

Damage = Callable[[Path], object]
SECRET = "the content of another file"
LEFT_OUT, SHOWN = False, True


def text_in(name: str, content: str | bytes) -> Damage:
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    return lambda folder: (folder / name).write_bytes(data)


def result_with(**changes: Any) -> Damage:
    return text_in("result.json", json.dumps(result(**changes)))


def raw_result(name: str, value: str) -> Damage:
    """A value that json.dumps would not write."""
    rest = {key: content for key, content in result().items() if key != name}
    return text_in("result.json", f"{json.dumps(rest)[:-1]}, {json.dumps(name)}: {value}}}")


def line_with(**changes: Any) -> Damage:
    return lambda folder: write_lines(folder / "candidates.jsonl", [*CANDIDATES, candidate(0, "x", 0.5) | changes])


def raw_line(text: str | bytes) -> Damage:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return lambda folder: (folder / "candidates.jsonl").write_bytes(data + b"\n")


def settings(content: str) -> Damage:
    return text_in("config.yaml", content)


def example_with(**changes: Any) -> Damage:
    known = {"split": "test", "input": "a", "expected": ["b"], "best_output": "b", "best_score": 1.0}
    return lambda folder: write_lines(folder / "examples.jsonl", [known | changes])


def link(name: str) -> Damage:
    """Another file's content under a name of the run."""

    def make(folder: Path) -> None:
        other = folder.parent.parent / "secret.txt"
        other.write_text(SECRET)
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(other)

    return make


def in_place_of(name: str, make: Callable[[Path], object]) -> Damage:
    def replace(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        make(folder / name)

    return replace


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**33)


DEEP = 100_000
ALIASES = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 12)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 10)}]}}\n" for level in range(1, 12)
)
DAMAGES: dict[str, tuple[Damage, bool]] = {
    "result: empty": (text_in("result.json", ""), LEFT_OUT),
    "result: cut": (text_in("result.json", json.dumps(result())[:100]), LEFT_OUT),
    "result: a list": (text_in("result.json", "[]"), LEFT_OUT),
    "result: null": (text_in("result.json", "null"), LEFT_OUT),
    "result: no key": (text_in("result.json", "{}"), LEFT_OUT),
    "result: UTF-16": (text_in("result.json", json.dumps(result()).encode("utf-16")), LEFT_OUT),
    "result: byte order mark": (text_in("result.json", "\ufeff" + json.dumps(result())), LEFT_OUT),
    "result: zero bytes": (text_in("result.json", b"\0" * 1000), LEFT_OUT),
    "result: random bytes": (text_in("result.json", bytes(range(256)) * 10), LEFT_OUT),
    "result: invalid UTF-8 in a text": (
        text_in("result.json", json.dumps(result(task="T#")).encode().replace(b"#", b"\xff\xfe")), SHOWN,
    ),
    "result: deep lists": (text_in("result.json", "[" * DEEP + "]" * DEEP), LEFT_OUT),
    "result: deep objects": (raw_result("splits", '{"a":' * DEEP + "1" + "}" * DEEP), LEFT_OUT),
    "result: 1e999": (raw_result("test_score", "1e999"), LEFT_OUT),
    "result: -1e999": (raw_result("seconds", "-1e999"), LEFT_OUT),
    "result: NaN": (raw_result("test_score", "NaN"), LEFT_OUT),
    "result: Infinity": (raw_result("cost_usd", "Infinity"), LEFT_OUT),
    "result: 5,000 digits": (raw_result("calls", "9" * 5000), LEFT_OUT),
    "result: 200 digits": (raw_result("calls", "9" * 200), LEFT_OUT),
    "result: seed 1e300": (raw_result("seed", "1e300"), LEFT_OUT),
    "result: seed is a text": (result_with(seed="zero"), LEFT_OUT),
    "result: seed is below 0": (result_with(seed=-1), SHOWN),
    "result: score above 1": (result_with(test_score=1.5), LEFT_OUT),
    "result: score below 0": (result_with(validation_score=-0.5), LEFT_OUT),
    "result: score is true": (result_with(test_score=True), LEFT_OUT),
    "result: task is a list": (result_with(task=["a"]), LEFT_OUT),
    "result: method is a number": (result_with(method=3), LEFT_OUT),
    "result: task is half a surrogate pair": (result_with(task="\ud800"), SHOWN),
    "result: task has 200,000 letters": (result_with(task="x" * 200_000), SHOWN),
    "result: task has control characters": (result_with(task="\x1b[31m\x00\n"), SHOWN),
    "result: task in another script": (result_with(task="分类ไทย"), SHOWN),
    "result: interval of one": (result_with(test_interval=[0.5]), LEFT_OUT),
    "result: interval of texts": (result_with(test_interval=["a", "b"]), LEFT_OUT),
    "result: interval is an object": (result_with(test_interval={"low": 0}), LEFT_OUT),
    "result: splits is a list": (result_with(splits=[1, 2]), LEFT_OUT),
    "result: splits hold a text": (result_with(splits={"test": "many"}), LEFT_OUT),
    "result: answers below 0": (result_with(answers={"cut": -3}), LEFT_OUT),
    "result: warnings is a text": (result_with(warnings="all well"), LEFT_OUT),
    "result: warnings hold anything": (result_with(warnings=[None, 1, {"a": [2]}, "<b>"]), SHOWN),
    "result: 100,000 warnings": (result_with(warnings=["w"] * 100_000), SHOWN),
    "result: own instructions are numbers": (result_with(own_instructions=[1]), LEFT_OUT),
    "result: own instructions without text": (result_with(own_instructions=[{}]), LEFT_OUT),
    "result: prompt is a number": (result_with(best_prompt=1), LEFT_OUT),
    "result: prompt without content": (result_with(best_prompt={}), SHOWN),
    "result: messages are numbers": (result_with(best_prompt={"messages": [1]}), LEFT_OUT),
    "result: versions is a text": (result_with(versions="2"), LEFT_OUT),
    "result: baselines hold a text": (result_with(baselines={"copy_input": "x"}), LEFT_OUT),
    "result: a link": (link("result.json"), LEFT_OUT),
    "result: a link to nothing": (in_place_of("result.json", lambda path: path.symlink_to("nowhere")), LEFT_OUT),
    "result: a folder": (in_place_of("result.json", Path.mkdir), LEFT_OUT),
    "result: a named pipe": (in_place_of("result.json", os.mkfifo), LEFT_OUT),
    "result: 8 GB": (in_place_of("result.json", sparse), LEFT_OUT),
    "candidates: missing": (lambda folder: (folder / "candidates.jsonl").unlink(), SHOWN),
    "candidates: cut": (raw_line('{"iteration": 0, "instr'), LEFT_OUT),
    "candidates: an empty line": (raw_line(b"\n"), LEFT_OUT),
    "candidates: a number": (raw_line("1"), LEFT_OUT),
    "candidates: deep": (raw_line("[" * DEEP), LEFT_OUT),
    "candidates: a line of 20 MB": (raw_line("x" * (20 * 2**20)), LEFT_OUT),
    "candidates: invalid UTF-8": (raw_line(b'{"iteration": 0, "instruction": "\xff'), LEFT_OUT),
    "candidates: 30 million iterations": (line_with(iteration=30_000_000), SHOWN),
    "candidates: iteration below 0": (line_with(iteration=-1), LEFT_OUT),
    "candidates: iteration 2 ** 70": (line_with(iteration=2**70), LEFT_OUT),
    "candidates: iteration is a text": (line_with(iteration="3"), LEFT_OUT),
    "candidates: score is a text": (line_with(score="1"), LEFT_OUT),
    "candidates: score 1e9": (line_with(score=1e9), LEFT_OUT),
    "candidates: scores hold a list": (line_with(scores=[[], 1.0]), LEFT_OUT),
    "candidates: scores hold null": (line_with(scores=[None, 1.0]), SHOWN),
    "candidates: outputs hold null": (line_with(outputs=[None, "a"]), SHOWN),
    "candidates: more outputs than scores": (line_with(outputs=["a"] * 9), LEFT_OUT),
    "candidates: outputs is an object": (line_with(outputs={"a": 1}), LEFT_OUT),
    "candidates: n below 0": (line_with(n=-2), LEFT_OUT),
    "candidates: n is huge": (line_with(n=10**14), SHOWN),
    "candidates: origin is a list": (line_with(origin=[]), LEFT_OUT),
    "candidates: instruction of 3 million letters": (line_with(instruction="x" * 3_000_000), SHOWN),
    "candidates: half a surrogate pair": (line_with(instruction="\udfff", outputs=["\ud800", ""]), SHOWN),
    "candidates: a link": (link("candidates.jsonl"), LEFT_OUT),
    "candidates: a named pipe": (in_place_of("candidates.jsonl", os.mkfifo), LEFT_OUT),
    "config: no YAML": (settings("a: [b"), LEFT_OUT),
    "config: a list": (settings("- a"), LEFT_OUT),
    "config: a text": (settings("hello"), LEFT_OUT),
    "config: empty": (settings(""), SHOWN),
    "config: binary": (text_in("config.yaml", bytes(range(256))), LEFT_OUT),
    "config: aliases that multiply": (settings(ALIASES), LEFT_OUT),
    "config: merges that multiply": (settings(MERGES), LEFT_OUT),
    "config: an alias of itself": (settings("a: &a [*a]"), LEFT_OUT),
    "config: an alias of nothing": (settings("a: *b"), LEFT_OUT),
    "config: deep lists": (settings("a: " + "[" * DEEP + "]" * DEEP), LEFT_OUT),
    "config: deep mappings": (settings("{a: " * DEEP + "1" + "}" * DEEP), LEFT_OUT),
    "config: 100,000 keys": (settings("".join(f"k{key}: 1\n" for key in range(100_000))), LEFT_OUT),
    "config: 2 MB": (settings(f"a: {'x' * 2 * 2**20}"), LEFT_OUT),
    "config: a Python object": (settings("a: !!python/object/apply:os.system ['exit 1']"), LEFT_OUT),
    "config: no whole number": (settings("a: !!int x"), LEFT_OUT),
    "config: no truth": (settings("a: !!bool x"), LEFT_OUT),
    "config: no date": (settings("a: !!timestamp x"), SHOWN),
    "config: an impossible date": (settings("a: 2020-99-99"), SHOWN),
    "config: 5,000 digits": (settings(f"a: {'9' * 5000}"), LEFT_OUT),
    "config: infinity": (settings("a: .inf\nb: .nan"), SHOWN),
    "config: a mapping as a key": (settings("? {a: 1}\n: 2"), LEFT_OUT),
    "config: a tab": (settings("a:\n\t- b"), LEFT_OUT),
    "config: seed is a list": (settings("seed_everything: [1]\nstrategy: 3"), SHOWN),
    "config: a link": (link("config.yaml"), LEFT_OUT),
    "config: a folder": (in_place_of("config.yaml", Path.mkdir), LEFT_OUT),
    "examples: cut": (text_in("examples.jsonl", '{"split": "te'), LEFT_OUT),
    "examples: no input": (text_in("examples.jsonl", '{"split": "test", "expected": []}\n'), LEFT_OUT),
    "examples: expected is a text": (example_with(expected="b"), SHOWN),
    "examples: expected is a number": (example_with(expected=3), LEFT_OUT),
    "examples: input of several fields": (example_with(input={"a": 1, "b": ["c"]}), SHOWN),
    "examples: score is a text": (example_with(best_score="high"), LEFT_OUT),
    "examples: input of 3 million letters": (example_with(input="x" * 3_000_000), SHOWN),
    "examples: a link": (link("examples.jsonl"), LEFT_OUT),
}  # fmt: skip


def write_run(folder: Path, **changes: Any) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("seed_everything: 0\nstrategy: {class_path: duet.strategies.duet.Duet}\n")
    write_lines(folder / "candidates.jsonl", CANDIDATES)
    (folder / "result.json").write_text(json.dumps(result(**changes)))
    return folder


def pages_of(paths: Sequence[Path]) -> tuple[list[str], list[str], list[str]]:
    """Pages, tables and problems, as ``report`` makes them."""
    runs, problems = gather(paths)
    tables = own_tables(runs)
    texts = [form(table) for table in tables for form in (markdown, comma_separated, latex)]
    return [runs_page(runs, tables, [], problems), *map(run_page, runs)], texts, problems


def test_there_are_at_least_a_hundred_kinds_of_damage() -> None:
    assert len(DAMAGES) >= 100


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_folder_is_shown_or_gets_one_line_and_the_good_run_is_shown(kind: str, tmp_path: Path) -> None:
    good = write_run(tmp_path / "runs" / "good", task="the good task", seed=7)
    bad = write_run(tmp_path / "runs" / "bad", task="the bad task")
    damage, is_shown = DAMAGES[kind]
    damage(bad)
    start = time.process_time()
    pages, texts, problems = pages_of([good, bad])
    assert time.process_time() - start < 10
    assert len(problems) == (0 if is_shown else 1)
    assert all(str(bad) in line and "\n" not in line and len(line) < 500 for line in problems)
    assert len(pages) == (3 if is_shown else 2)
    assert all("the good task" in page for page in pages[:1])
    assert max(map(len, pages)) < 2_500_000
    assert not [text for text in (*pages, *texts, *problems) if SECRET in text]


def test_all_damaged_folders_together_end_no_report(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for place, (damage, _) in enumerate(DAMAGES.values()):
        damage(write_run(tmp_path / "runs" / f"{place}", task="t", seed=place))
    write_run(tmp_path / "runs" / "good", task="the good task")
    for arguments in ([], ["--paper"]):
        assert cli.main(["report", str(tmp_path / "runs"), "--output", str(tmp_path / "out"), *arguments]) == 0
        first, *lines = capfd.readouterr().err.splitlines()
        assert first.startswith("Reading ")
        assert len(lines) >= sum(not is_shown for _, is_shown in DAMAGES.values())
        assert {line.endswith(("left out", "has the same task, settings and seed")) for line in lines} == {True}
        assert "the good task" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_a_link_that_lies_in_wait_in_the_output_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    run, other = write_run(tmp_path / "run"), tmp_path / "other.txt"
    for name in ("report.html", ".report.html.partial", "tables/runs.csv", "figures/pareto.svg", "figures/pareto.png"):
        path = tmp_path / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(other)
    other.write_text(SECRET)
    assert cli.main(["report", str(run), "--output", str(tmp_path / "out")]) == 0
    assert other.read_text() == SECRET
    assert not (tmp_path / "out" / "report.html").is_symlink()
    assert not (tmp_path / "out" / "figures" / "pareto.png").is_symlink()
