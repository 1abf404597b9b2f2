from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from duet.api.arguments import black_box_settings, can_write, merged, nested, task_settings, white_box_settings
from duet.models.fakes import HashingWhiteBox, ScriptedBlackBox
from duet.models.function_black_box import FunctionBlackBox
from duet.models.ngram_encoder import NGramEncoder
from duet.tasks.task import Task
from tests.api.conftest import PAIRS

OPENAI = "duet.models.openai_black_box.OpenAIBlackBox"


def test_a_class_that_is_named_anew_keeps_no_arguments_of_the_former_one() -> None:
    former = {"strategy": {"class_path": "a.B", "init_args": {"beta": 1}}}
    assert merged(former, {"strategy": {"init_args": {"nu": 2}}})["strategy"]["init_args"] == {"beta": 1, "nu": 2}
    assert merged(former, {"strategy": {"class_path": "a.C"}}) == {"strategy": {"class_path": "a.C"}}


def test_dotted_keys_meet_below_the_same_key() -> None:
    assert nested({"a.b": 1, "a": {"c.d": 2}}) == {"a": {"b": 1, "c": {"d": 2}}}


@pytest.mark.parametrize(
    "examples", [PAIRS, [list(pair) for pair in PAIRS], [{"input": key, "output": value} for key, value in PAIRS]]
)
def test_a_list_of_pairs_or_of_records_is_a_task(examples: list[Any]) -> None:
    settings, live = task_settings(examples)
    assert live == {}
    assert Task(**settings).train == Task("task", examples=PAIRS).train


def test_a_task_that_was_made_before_gives_the_same_task_and_its_function() -> None:
    def metric(answer: str, outputs: Any) -> float:
        return float(answer in outputs)

    settings, live = task_settings(Task("mine", examples=PAIRS, metric=metric, test_share=0.25))
    assert live == {"task.metric": metric}
    assert (settings["name"], settings["test_share"], len(settings["examples"])) == ("mine", 0.25, 40)


def test_a_name_a_file_of_settings_and_a_mapping_are_tasks(tmp_path: Path) -> None:
    path = tmp_path / "task.yaml"
    path.write_text("task: {name: sum, directory: data}\n")
    assert task_settings(path)[0] == task_settings({"name": "sum", "directory": "data"})[0]
    assert task_settings("second_letter")[0] == {"name": "second_letter"}


@pytest.mark.parametrize(("wrong", "found"), [(3, "int"), (None, "NoneType")])
def test_what_is_no_task_is_refused_in_one_line(wrong: Any, found: str) -> None:
    with pytest.raises(ValueError, match=f"but got a {found}$"):
        task_settings(wrong)


def test_a_name_is_a_model_of_its_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    for name in ("gpt-4o-mini", "openai/gpt-4o-mini", "groq/llama-3.3-70b"):
        assert black_box_settings(name)[0]["black_box"] == {"class_path": OPENAI, "init_args": {"model": name}}
    other = black_box_settings("anthropic/claude-x", "proposer")[0]["proposer"]
    assert other["class_path"].endswith("LiteLLMBlackBox")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1/v1")  # a gateway has models of that name
    assert black_box_settings("anthropic/claude-x")[0]["black_box"]["class_path"] == OPENAI


def test_a_function_and_a_black_box_are_black_boxes_and_nothing_is_the_embedded_one() -> None:
    box = ScriptedBlackBox({})
    assert black_box_settings(box) == ({}, {"black_box": box})
    assert isinstance(black_box_settings(lambda prompts: prompts)[1]["black_box"], FunctionBlackBox)
    assert black_box_settings(None) == black_box_settings("embedded") == ({}, {})
    with pytest.raises(ValueError, match=r"^black_box: expected .* but got a int$"):
        black_box_settings(3)  # type: ignore[arg-type]


def test_an_encoder_that_only_reads_can_not_write() -> None:
    boxes = (HashingWhiteBox(), NGramEncoder(), "n-grams", "a/model")
    assert [can_write(box) for box in boxes] == [True, False, False, True]
    assert white_box_settings("a/model")[0]["white_box"]["init_args"] == {"model": "a/model"}
    with pytest.raises(ValueError, match=r"^white_box: expected .* but got a float$"):
        white_box_settings(0.5)  # type: ignore[arg-type]
