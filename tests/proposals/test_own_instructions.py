from __future__ import annotations

from pathlib import Path

import pytest

from duet.examples.example import Example
from duet.models.base import Request
from duet.models.fakes import ScriptedBlackBox
from duet.proposals.initialisation import Initialisation
from duet.proposals.instruction_filter import InstructionFilter
from duet.proposals.own_instructions import read_instructions

EXAMPLES = [Example(f"word{number}", (f"{number}drow",)) for number in range(6)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("own.txt", "Sort it.\n\n  Copy it \nSort it.\n"),
        ("own.yaml", "- Sort it.\n- Copy it\n"),
        ("own.json", '["Sort it.", "Copy it"]'),
        ("own", "\ufeffSort it.\r\nCopy it\r\n"),
    ],
)
def test_a_file_has_one_per_line_or_a_list(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert read_instructions(str(tmp_path / name)) == ("Sort it.", "Copy it")


def test_a_list_may_have_texts_of_several_lines(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("- |\n  Sort it:\n  - by size\n- Copy it\n")
    assert read_instructions(str(tmp_path / "own.yaml")) == ("Sort it:\n- by size", "Copy it")


@pytest.mark.parametrize("name", ["none.txt", "empty.txt", "map.yaml", "number.json", "torn.json"])
def test_a_file_without_instructions_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty.txt").write_text("\n\n")
    (tmp_path / "map.yaml").write_text("a: b\n")
    (tmp_path / "number.json").write_text("[3]")
    (tmp_path / "torn.json").write_text('["a", ')
    with pytest.raises(ValueError, match="instruction") as error:
        read_instructions(str(tmp_path / name))
    assert "\n" not in str(error.value)
    assert "expected" in str(error.value)


def first(answer: str, **options: object) -> tuple[list[str], str, list[Request]]:
    box = ScriptedBlackBox(lambda _: answer)
    found = Initialisation(max_rounds=2, **options).write(box, EXAMPLES, InstructionFilter(), 0)  # type: ignore[arg-type]
    return [f"{candidate.origin}: {candidate.text}" for candidate in found.candidates], str(found), box.requests


def test_own_ones_come_first_as_they_are_and_the_others_are_written() -> None:
    texts, line, [request] = first("1. Sort the words.\n2. Copy them.", count=4, instructions=("sort", "do it"))
    assert texts == ["own: sort", "own: do it", "initial: Sort the words.", "initial: Copy them."]
    assert "Write 2 distinct instructions" in request.prompt
    assert line.startswith("2 of your own (kept against the filter: 1 too short), 2 initial instructions")


def test_where_there_are_as_many_as_wanted_nothing_is_requested() -> None:
    texts, _, requests = first("never", count=2, instructions=("a", "b", "c"))
    assert texts == ["own: a", "own: b", "own: c"]
    assert requests == []


def test_what_is_written_again_stays_yours() -> None:
    texts, _, _ = first("1. Sort the words.\n2. Copy them.", count=3, instructions=("Sort the words.",))
    assert texts == ["own: Sort the words.", "initial: Copy them."]
