"""JSON in the shapes that exports have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from duet.examples.example import Example
from duet.tasks.readers import read_examples

ROWS = [{"input": "a", "output": 1.50}, {"Input": "b", "output": ["c", "d"]}]
EXPECTED = (Example("a", ("1.5",)), Example("b", ("c", "d")))


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson"])
@pytest.mark.parametrize(
    "content",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=1),
        json.dumps({"version": 2, "data": ROWS}, indent=2),
        "\n".join(map(json.dumps, ROWS)),
        "\ufeff\n" + "\n\n".join(map(json.dumps, ROWS)) + "\n",
    ],
)
def test_lists_and_lines_are_read_whatever_the_name(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert read_examples(path) == (EXPECTED, 2)


def test_a_list_within_an_object_on_one_line_needs_the_name_json(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"data": ROWS}), encoding="utf-8")
    assert read_examples(path) == (EXPECTED, 2)
    path.rename(tmp_path / "a.jsonl")
    with pytest.raises(ValueError, match=r"line 1: expected a column 'input' but found 'data'; name yours with task"):
        read_examples(tmp_path / "a.jsonl")


def test_a_bad_item_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([*ROWS, {"input": "x", "output": None}]), encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"a\.json, line 1, item 3: expected text or a number in 'output' but found null"
    ):
        read_examples(path)
