from __future__ import annotations

import pytest

from duet.models.reasoning import Answer, without_reasoning


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("4", Answer("4")),
        ("  4\n", Answer("  4\n")),
        ("<think>\n2, 2\n</think>\n\n4", Answer("4", True)),
        ("\n<THINK>2, 2</THINK>4", Answer("4", True)),
        ("<think></think>4", Answer("4", True)),
        ("2, 2</think>4", Answer("4", True)),
        ("<thinking>2</thinking> 4", Answer("4", True)),
        ("<think>a </think> b </think>4", Answer("4", True)),
        ("[THINK]2, 2[/THINK]4", Answer("4", True)),
        ("\u25c1think\u25b7 2 \u25c1/think\u25b7 4", Answer("4", True)),
        ("<|channel|>analysis<|message|>2<|end|><|start|>assistant<|channel|>final<|message|>4", Answer("4", True)),
        ("<|channel|>analysis<|message|>2, 2 is", Answer("", True)),
        ("<think>2, 2 is", Answer("", True)),
        ("Write <thinking> tags.", Answer("Write <thinking> tags.")),
        ("</thinking> ends it", Answer("</thinking> ends it")),
        ("", Answer("")),
    ],
)
def test_the_answer_stands_behind_the_reasoning(text: str, answer: Answer) -> None:
    assert without_reasoning(text) == answer
