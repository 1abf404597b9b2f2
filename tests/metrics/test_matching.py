"""Texts that a metric of one's own task must tell apart, and those that it must not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from duet.metrics.judge import Judge
from duet.metrics.matching import Contains, ExactMatch, ExactSet, Label, LenientMatch, Regex, TokenF1
from duet.metrics.registry import BUILT_IN, resolve_metric

UNLIKE = [
    ("3.14", "3.99"), ("$12.50", "$12.99"), ("ann@x.com", "ann@x.org"), ("C++", "C#"), ("Dr. Smith", "Dr. Jones"),
    ('{\n  "a": 1,\n  "b": 2\n}', '{\n  "a": 3,\n  "c": 4\n}'), ("12.50", "12.01"), ("", '{\n  "a": 1\n}'),
    ("<=", "=>"), ("example.org", "example.com"), ("U.S.", "U.K."), ("1.2", "1.3"), ("Dr. No", "Dr. Strange"),
    ("-5", "5"), ("- 5", "5"), ("> 5", "5"), ("?", "!"), ("x = 1\n", "x = 2\n"), ("positive", "non-positive"),
    ("if a:\n    b()\nc()", "if a:\n    b()\n    d()"), ("3.5 apples", "3.9 pears"),
]  # fmt: skip
DRESSED = [
    "- blue",
    "> blue",
    " blue . ",
    "* Blue",
    "**blue**",
    '"blue"',
    "`blue`",
    "BLUE!",
    "```\nblue\n```",
    "“Blue.”",
]
COMPARING: list[Callable[[str, list[str]], float]] = [
    ExactMatch(), ExactMatch(ignore_case=True), LenientMatch(), Contains(), ExactSet(), TokenF1(),
    Label(tuple(dict.fromkeys(text for pair in UNLIKE for text in pair if text))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("metric", "pair"),
    [(metric, pair) for metric in COMPARING for pair in UNLIKE
     if not (isinstance(metric, Contains) and pair[0] in ("- 5", "> 5"))],
    ids=lambda value: type(value).__name__ if callable(value) else None,
)  # fmt: skip
def test_different_texts_are_not_equal_either_way(metric: Callable[[str, list[str]], float], pair: Any) -> None:
    first, second = pair
    assert metric(first, [second]) < 1
    assert metric(second, [first]) < 1 or first == ""  # no output is empty


def built_in() -> list[str]:
    return [name for name in BUILT_IN if not name.startswith("induction") and name not in ("judge", "regex", "json")]


@pytest.mark.parametrize("name", built_in())
@pytest.mark.parametrize("pair", [("3.14", "3.99"), ("$12.50", "$12.99"), ("12.50", "12.01"), ("1.2", "1.3")])
def test_no_metric_calls_two_amounts_equal(name: str, pair: tuple[str, str]) -> None:
    score = resolve_metric(name, pair).score
    assert not isinstance(score, Judge)
    assert score(pair[0], [pair[1]]) < 1
    assert score(pair[0], [pair[0]]) == 1


def test_amounts_of_different_things_share_no_word() -> None:
    assert TokenF1()("3.5 apples", ["3.9 pears"]) == 0
    assert TokenF1()("3.5 apples", ["3.9 apples"]) == 0.5


@pytest.mark.parametrize("text", DRESSED)
def test_the_lenient_form_leaves_dress_aside_and_the_strict_one_does_not(text: str) -> None:
    assert LenientMatch()(text, ["blue"]) == 1
    assert LenientMatch()("blue", [text]) == 1
    assert ExactMatch(ignore_case=True)(text, ["blue"]) == 0


@pytest.mark.parametrize("text", [" Zoe\u0308 \r\n", "Zoë", "\n\tZoë"])
def test_an_exact_match_leaves_outer_white_space_line_ends_and_the_form_of_letters_aside(text: str) -> None:
    assert ExactMatch()(text, ["Zoë"]) == 1
    assert ExactMatch()(text, ["zoë"]) == 0
    assert ExactMatch(ignore_case=True)(text, ["ZOË"]) == 1


def test_an_exact_match_keeps_the_indentation_of_code() -> None:
    code = "def f():\n    return 1"
    assert ExactMatch()("def f():  \r\n    return 1\n", [code]) == 1
    assert ExactMatch()("def f():\n  return 1", [code]) == 0


@pytest.mark.parametrize("output", ["", " ", "\n"])
def test_nothing_is_contained_nowhere(output: str) -> None:
    assert Contains()("anything at all", [output]) == 0
    assert Contains()("", [output]) == 0


@pytest.mark.parametrize(
    ("answer", "output", "score"),
    [
        ("The answer is 42.", "42", 1), ("It is 42,000", "42", 0), ("It is -42", "42", 0), ("1-42", "42", 0),
        ("I like C++ best", "C", 0), ("I like **C++**!", "C++", 1), ("write to ann@x.com.", "ann@x.com", 1),
        ("write to ann@x.com.au", "ann@x.com", 0), ("joann@x.com", "ann@x.com", 0), ("the U.S. did", "U.S.", 1),
        ("not\nnew   york", "New York", 1), ("a<=b", "<=", 1), ("a<=>b", "<=", 0), ("can't", "can", 0),
        ("It's 'can'.", "can", 1), ("at 12:30", "12", 0),
    ],
)  # fmt: skip
def test_an_output_is_found_only_where_it_stands_by_itself(answer: str, output: str, score: float) -> None:
    assert Contains()(answer, [output]) == score


LABELS = ("positive", "negative", "neutral", "very positive", "C", "C++")


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ("Positive", "positive"), ("It is not positive but negative.", "negative"),
        ("**Very positive**", "very positive"),
        ("Label: neutral\n", "neutral"), ("I would use C++", "C++"), ("I can't tell.", None), ("", None),
        ("positively", None), ("non-negative", None),
    ],
)  # fmt: skip
def test_the_label_that_is_named_last_as_a_whole_word_counts(answer: str, named: str | None) -> None:
    assert [label for label in LABELS if Label(LABELS)(answer, [label])] == ([named] if named else [])


@pytest.mark.parametrize(
    "answer",
    [
        "a, b c", "- B c\n- A", "```\na, b c\n```", "a,\nb c\n```", "a, b c**", "**a**, `b c`.", '["a", "b c"]',
        "b c; a;", "a\nb c",
    ],
)  # fmt: skip
def test_a_set_has_items_in_any_order(answer: str) -> None:
    assert ExactSet()(answer, ["a, b c"]) == 1


@pytest.mark.parametrize("answer", ["a", "a, b, c", "a, b c, d", "", "b c"])
def test_a_set_with_other_items_is_another(answer: str) -> None:
    assert ExactSet()(answer, ["a, b c"]) == 0


def test_outputs_that_are_patterns_match_the_whole_answer() -> None:
    assert Regex()("Ticket 123\n", ["(?i)ticket [0-9]+"]) == 1
    assert Regex()("Ticket 123 and more", ["(?i)ticket [0-9]+"]) == 0


@pytest.mark.parametrize("name", [name for name in BUILT_IN if name != "judge"])
def test_without_accepted_outputs_every_metric_is_zero(name: str) -> None:
    score = resolve_metric(name).score
    assert not isinstance(score, Judge)
    assert score("anything", []) == 0
