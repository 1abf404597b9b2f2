"""Files in the instruction-induction form, good and bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from duet.examples.example import Example, TaskError
from duet.tasks.instruction_induction import read_induction


def written(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def induction(folder: Path, task: str, rows: str, metadata: str = "{}") -> tuple[tuple[Example, ...], str | None]:
    return read_induction(written(folder, f"{task}.json", f'{{"metadata": {metadata}, "examples": {rows}}}'), task)


def test_the_induction_form_keeps_order_and_names_its_metric(tmp_path: Path) -> None:
    rows = '{"2": {"input": "a", "output": "b"}, "1": {"input": "c", "output": ["d", "e"]}}'
    expected = (Example("a", ("b",)), Example("c", ("d", "e")))
    assert induction(tmp_path, "mine", rows, '{"metric": "f1"}') == (expected, "f1")
    assert induction(tmp_path, "mine", rows) == (expected, None)


def test_published_tasks_with_fields_of_their_own_are_understood(tmp_path: Path) -> None:
    concept = '{"1": {"concept": "x", "items": ["a", "b", "c"], "all_common_concepts": ["x", "y"]}}'
    assert induction(tmp_path, "common_concept", concept)[0] == (Example("a, b", ("x", "y")),)
    rhymes = '{"1": {"input": "pig", "output": "big", "other_rhymes": ["dig", "big"]}}'
    assert induction(tmp_path, "rhymes", rhymes)[0] == (Example("pig", ("dig", "big")),)
    words = '{"1": {"input": "time", "output": "Zeit", "possible_translations": ["", "Mal", "Zeit"]}}'
    assert induction(tmp_path, "translation_en-de", words)[0] == (Example("time", ("Mal", "Zeit")),)


def test_causes_stand_first_or_second_and_always_the_same(tmp_path: Path) -> None:
    rows = ", ".join(f'"{index}": {{"cause": "C{index}.", "effect": "E{index}."}}' for index in range(30))
    examples, _ = induction(tmp_path, "cause_and_effect", f"{{{rows}}}")
    assert examples == induction(tmp_path, "cause_and_effect", f"{{{rows}}}")[0]
    first = [one.input == f"Sentence 1: C{index}. Sentence 2: E{index}." for index, one in enumerate(examples)]
    assert 5 < sum(first) < 25
    assert examples[first.index(False)].input.startswith("Sentence 1: E")
    assert all(one.outputs == (f"C{index}.",) for index, one in enumerate(examples))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"examples": {\n"1": }}', "line 2: expected valid JSON"),
        ("[]", "expected an object of objects under the key 'examples'"),
        ('{"examples": {"1": "x"}}', "expected an object of objects under the key 'examples'"),
        ('{"examples": {}}', "expected examples but it holds none"),
        ('{"examples": {"7": {"input": "a"}}}', "example 7: expected a column 'output' but found 'input'"),
        ('{"metadata": {"metric": []}, "examples": {"1": {}}}', "expected a name as metadata.metric but found a list"),
    ],
)
def test_a_bad_induction_file_is_refused_with_its_place(tmp_path: Path, content: str, words: str) -> None:
    path = written(tmp_path, "mine.json", content)
    with pytest.raises(TaskError) as error:
        read_induction(path, "mine")
    assert words in str(error.value)
    assert str(path) in str(error.value)


def test_common_concepts_need_two_items(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="example 1: expected a list of two or more 'items'"):
        induction(tmp_path, "common_concept", '{"1": {"items": ["a"], "all_common_concepts": ["x"]}}')
