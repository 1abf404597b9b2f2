"""Similarities against torchmetrics, the standard library, and by hand."""

from __future__ import annotations

import difflib

import pytest
from torch import Tensor
from torchmetrics.functional.text import char_error_rate, chrf_score, sacre_bleu_score
from torchmetrics.functional.text.rouge import rouge_score

from duet.metrics.similarity import Bleu, Chrf, EditDistance, RougeL

PAIRS = [
    ("the cat sat on the mat today", "the cat lay on the mat"),
    ("A storm closed the harbour, on Monday.", "On Monday a storm closed the old harbour."),
    ("nothing in common", "another set entirely here"),
    ("Prices rose by 3.5 percent last year", "Last year prices rose 3.5 percent"),
]
METRICS = [RougeL(), Bleu(), Chrf(), EditDistance()]


@pytest.mark.parametrize(("answer", "output"), PAIRS)
def test_rouge_l_is_that_of_torchmetrics(answer: str, output: str) -> None:
    expected = rouge_score(answer, output, rouge_keys="rougeL")["rougeL_fmeasure"]
    assert RougeL()(answer, [output]) == pytest.approx(float(expected), abs=1e-6)


@pytest.mark.parametrize(("answer", "output"), PAIRS[:2] + PAIRS[3:])
def test_chrf_is_that_of_torchmetrics_without_words(answer: str, output: str) -> None:
    expected = chrf_score([answer], [[output]], n_word_order=0)
    assert isinstance(expected, Tensor)
    assert Chrf()(answer, [output]) == pytest.approx(float(expected), abs=1e-3)  # they round each share


@pytest.mark.parametrize(("answer", "output"), PAIRS[:1])
def test_bleu_is_that_of_torchmetrics_where_nothing_is_smoothed(answer: str, output: str) -> None:
    long = f"{output} {output}"
    assert Bleu()(long, [long + " then"]) == pytest.approx(
        float(sacre_bleu_score([long], [[long + " then"]])), abs=1e-6
    )


def test_an_edit_distance_counts_letters() -> None:
    wrong = float(char_error_rate(["kitten"], ["sitting"]))  # edits per letter of the output
    assert EditDistance()("kitten", ["sitting"]) == pytest.approx(1 - wrong)
    assert difflib.SequenceMatcher(None, "kitten", "sitting").ratio() != EditDistance()("kitten", ["sitting"])


@pytest.mark.parametrize("metric", METRICS, ids=repr)
@pytest.mark.parametrize(
    "text", ["a", "Haus", "two words", "C++", "§", "今日は", "Привет, мир", "a b c d e f g", "1.5"]
)
def test_a_text_is_like_itself_to_one(metric: RougeL | Bleu | Chrf | EditDistance, text: str) -> None:
    assert metric(text, ["something", text]) == 1


@pytest.mark.parametrize("metric", METRICS, ids=repr)
def test_an_empty_answer_is_like_nothing(metric: RougeL | Bleu | Chrf | EditDistance) -> None:
    assert metric("", ["a text"]) == 0


def test_chinese_is_compared_by_letters_on_demand() -> None:
    assert Bleu()("我喜欢红苹果", ["我喜欢绿苹果"]) < 0.1 < Bleu("zh")("我喜欢红苹果", ["我喜欢绿苹果"]) < 1
