"""JSON as data: what is equal, what is not, what is none."""

from __future__ import annotations

from typing import Any

import pytest

from duet.metrics.json_data import Json, NotJson, at_path, find_json


@pytest.mark.parametrize(
    "answer",
    [
        '{"a": 1, "b": [true, null]}', '{"b":[true,null],"a":1.0}', '{\n  "a": 1e0,\n  "b": [true, null]\n}\n',
        '```json\n{"a": 1, "b": [true, null]}\n```', 'Here it is:\n```\n{"a": 1, "b": [true, null]}\n```\nDone.',
    ],
)  # fmt: skip
def test_the_same_data_is_equal_however_it_is_written(answer: str) -> None:
    assert Json()(answer, ['{"a": 1, "b": [true, null]}']) == 1


@pytest.mark.parametrize(
    "answer",
    [
        "", "Sure, here is the JSON!", '{"a": 1, "b": [true, null]} ok', '{"a": true, "b": [true, null]}',
        '{"a": "1", "b": [true, null]}',
        '{"a": 1, "b": [null, true]}', '{"a": 1}', '{"a": 1, "b": [true, null], "c": 0}',
        "{'a': 1, 'b': [true, null]}", '{"a": NaN, "b": [true, null]}', "[" * 100_000, '{"a": 1, "b": [1, null]}',
    ],
)  # fmt: skip
def test_other_data_and_what_is_no_json_is_wrong(answer: str) -> None:
    assert Json()(answer, ['{"a": 1, "b": [true, null]}']) == 0


def test_pretty_printed_objects_are_compared_to_their_end() -> None:
    assert Json()('{\n  "a": 1,\n  "b": 2\n}', ['{\n  "a": 1,\n  "b": 3\n}']) == 0


def test_numbers_are_compared_by_value_and_never_rounded() -> None:
    assert Json()("[0.1, 100]", ["[0.10, 1e2]"]) == 1
    assert Json()("[12345678901234567890]", ["[12345678901234567891]"]) == 0


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ('{"name": "Ann", "age": 3, "tags": []}', 1), ('{"name": "Ann", "age": 4, "tags": []}', 2 / 3),
        ('{"name": "Ann"}', 1 / 3), ('{"name": "Ann", "age": 3, "tags": [], "x": 1}', 3 / 4), ("[]", 0), ("no", 0),
    ],
)  # fmt: skip
def test_the_share_of_right_fields_counts_what_is_missing_and_what_is_too_much(answer: str, score: float) -> None:
    assert Json(partial=True)(answer, ['{"age": 3, "tags": [], "name": "Ann"}']) == pytest.approx(score)


def test_the_first_object_is_found_in_a_text() -> None:
    assert find_json('I think [sic] it is {"a": {"b": 1}}. And {"c": 2}') == {"a": {"b": 1}}
    with pytest.raises(NotJson):
        find_json("there is {none")


@pytest.mark.parametrize("path", ["b", "a.c", "a[0]", "list.x", "list[5]", "list[0].a.b"])
def test_a_path_to_nothing_is_an_error(path: str) -> None:
    data: Any = {"a": {"b": 1}, "list": [{"a": 1}]}
    with pytest.raises(NotJson):
        at_path(data, path)
