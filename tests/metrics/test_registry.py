"""Metrics by name, path, file and function, and those that are none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torchmetrics import Metric as TorchMetric

from duet.examples.example import TaskError
from duet.metrics.judge import Judge
from duet.metrics.matching import ExactMatch, Label
from duet.metrics.numbers import Number
from duet.metrics.registry import Metric, Setting, resolve_metric


class FirstLetter(TorchMetric):
    """1 if the prediction starts like an answer."""

    higher_is_better = True
    hits: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("hits", torch.tensor(0.0), dist_reduce_fx="sum")

    def update(self, predictions: Sequence[str], answers: Sequence[Sequence[str]]) -> None:
        """Add a batch."""
        starts = [{output[0] for output in accepted} for accepted in answers]
        self.hits += sum(found[0] in letters for found, letters in zip(predictions, starts, strict=True))

    def compute(self) -> Tensor:
        """The number of hits."""
        return self.hits


class OutOfRange(FirstLetter):
    """Returns 2 where it should return 1."""

    def compute(self) -> Tensor:
        """Twice the hits."""
        return self.hits * 2


class TwoNumbers(FirstLetter):
    """Returns a pair."""

    def compute(self) -> Tensor:
        """Two numbers."""
        return torch.stack([self.hits, self.hits])


class Loss(FirstLetter):
    """Lower is better."""

    higher_is_better = False


class NeedsArgument(FirstLetter):
    """Can't be made from a name."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width


class NoData(FirstLetter):
    """Lacks what it should download, as nltk says it."""

    def compute(self) -> Tensor:
        """Fails over many lines."""
        raise LookupError("\n" + "*" * 70 + "\n  Resource punkt_tab not found.\n  Please use the Downloader:\n")


class Shares:
    """A class whose objects can be called."""

    def __init__(self, worth: float = 0.5) -> None:
        self.worth = worth

    def __call__(self, answer: str, outputs: Sequence[str]) -> float:
        """The worth of a right answer."""
        return self.worth * (answer in outputs)


def same_length(answer: str, outputs: Sequence[str], room: int = 0) -> bool:
    """Whether the answer is as long as an output."""
    return any(abs(len(answer) - len(output)) <= room for output in outputs)


def one_argument(answer: str) -> float:
    """No metric."""
    return 1.0


def fails(answer: str, outputs: Sequence[str]) -> float:
    """Raises."""
    raise ZeroDivisionError("oops")


def scorer(setting: Setting, *more: Any) -> Any:
    found = resolve_metric(setting, *more).score
    assert not isinstance(found, Judge)
    return found


def test_a_name_with_and_without_arguments() -> None:
    assert resolve_metric("exact_match") == Metric("exact_match", "exact_match", ExactMatch())
    assert scorer({"name": "exact_match", "ignore_case": True}) == ExactMatch(ignore_case=True)
    assert scorer({"name": "number", "tolerance": 1}) == Number(tolerance=1.0)
    assert resolve_metric({"name": "judge", "rubric": "r", "best": 5}).score == Judge("r", 5)


def test_labels_are_the_tasks_outputs_unless_they_are_given() -> None:
    assert scorer("label", ["b", "a", "b"]) == Label(("b", "a"))
    assert scorer({"name": "label", "labels": ["x", "y"]}, ["a"]) == Label(("x", "y"))


def test_a_torchmetrics_class_is_found_by_its_path_and_forgets_each_example() -> None:
    score = scorer(f"{__name__}.FirstLetter")
    assert [score("blue", ["black"]), score("red", ["black"]), score("bird", ["cat", "bee"])] == [1.0, 0.0, 1.0]


def test_torchmetrics_own_text_metrics_fit_with_arguments() -> None:
    score = scorer({"name": "torchmetrics.text.CHRFScore", "n_word_order": 0})
    assert score("the cat sat on the mat", ["the cat sat on the mat"]) == pytest.approx(1.0)
    assert score("the cat sat on the mat", ["a dog"]) < 0.3
    rouge = {"name": "torchmetrics.text.ROUGEScore", "rouge_keys": "rougeL", "result": "rougeL_fmeasure"}
    assert scorer(rouge)("the cat sat", ["the cat ran"]) == pytest.approx(2 / 3)


def test_a_function_by_its_path_may_have_arguments() -> None:
    assert scorer(f"{__name__}.same_length")("abc", ["xyz"]) == 1.0
    assert scorer({"name": f"{__name__}.same_length", "room": 2})("abc", ["x"]) == 1.0
    assert scorer({"name": f"{__name__}.Shares", "worth": 0.25})("a", ["a"]) == 0.25


FILE = "SCALE = 2\ndef half(answer, outputs, scale=SCALE):\n    return (answer in outputs) / scale\nNUMBER = 3\n"


def test_a_function_in_a_file_is_looked_for_in_each_folder_and_its_content_counts(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FILE)
    folders = (tmp_path / "nowhere", tmp_path)
    found = resolve_metric("mine.py:half", (), folders)
    assert not isinstance(found.score, Judge)
    assert found.score("a", ["a"]) == 0.5
    assert scorer({"name": f"{tmp_path}/mine.py:half", "scale": 4})("a", ["a"]) == 0.25
    (tmp_path / "mine.py").write_text(FILE.replace("2", "1"))
    other = resolve_metric("mine.py:half", (), folders)
    assert (found.name, found.identity != other.identity) == (other.name, True)


def test_a_python_function_is_a_metric_itself() -> None:
    found = resolve_metric(same_length)
    assert not isinstance(found.score, Judge)
    assert (found.name, found.score("ab", ["xy"])) == (f"{__name__}.same_length", 1.0)
    assert found.identity != resolve_metric(fails).identity


BROKEN = {
    "syntax.py": "def score(:\n",
    "raises.py": "raise RuntimeError('line\\nother line')\n",
    "missing.py": "import no_such_thing\n",
}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("exact_mach", "did you mean 'exact_match'"),
        ("blue", "exact_match, lenient_match, label"),
        ("", "but found ''"),
        ("no_such_module.Metric", "No module named"),
        ("torchmetrics.text.Nothing", "Nothing"),
        (".relative", "importable"),
        ("math.pi", "to be a function or a class but found 3.14"),
        (f"{__name__}.Loss", "higher is better"),
        (f"{__name__}.NeedsArgument", "to be made without arguments"),
        ("torchmetrics.text.ROUGEScore", "requires that `nltk` is installed"),
        ({"name": f"{__name__}.FirstLetter", "width": 1}, "to be made with {'width': 1} but found"),
        (f"{__name__}.one_argument", "to take an answer and the accepted outputs but found: too many"),
        ({"name": f"{__name__}.same_length", "rum": 1}, "unexpected keyword argument 'rum'"),
        ({"metric": "f1"}, "expected {name: METRIC, argument: value, ...} but found {'metric': 'f1'}"),
        ({"name": "f1", "beta": 2}, "expected no arguments for f1 but found beta"),
        ({"name": "induction_f1", "beta": 2}, "expected induction_f1 without arguments but found beta"),
        ({"name": "number", "tolerance": "wide"}, "number: tolerance: expected float but got wide"),
        ({"name": "number", "tolerance": -1}, "a tolerance of at least 0"),
        ({"name": "bleu", "tokenize": "words"}, "bleu: tokenize"),
        ("judge", "rubric"),
        ({"name": "judge", "rubric": ""}, "Expected a rubric but it is empty"),
        ("nowhere.py:score", "expected a file nowhere.py in "),
        ("syntax.py:score", "SyntaxError: invalid syntax"),
        ("raises.py:score", "RuntimeError: line"),
        ("missing.py:score", "ModuleNotFoundError: No module named 'no_such_thing'"),
        ("syntax.py", "importable"),
        (7, "expected a name, {name: ...} or a function but found 7"),
    ],
)
def test_a_metric_that_is_none_is_refused_in_one_line(setting: Any, words: str, tmp_path: Path) -> None:
    for name, content in BROKEN.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(TaskError) as error:
        resolve_metric(setting, (), (tmp_path,))
    assert words in str(error.value)
    assert str(error.value).startswith("task.metric: ")
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("OutOfRange", r"a score in \[0, 1\] from .* but found 2"),
        ("TwoNumbers", "one number"),
        ("NoData", "to score the answer 'blue' but found: LookupError: Resource punkt_tab not found.$"),
        ("fails", "but found: ZeroDivisionError: oops$"),
    ],
)
def test_a_metric_that_gives_no_score_is_refused_in_one_line(name: str, words: str) -> None:
    with pytest.raises(TaskError, match=words):
        scorer(f"{__name__}.{name}")("blue", ["black"])


def test_several_numbers_are_refused_with_their_names() -> None:
    with pytest.raises(TaskError, match="set result to rougeL_fmeasure, rougeL_precision, rougeL_recall"):
        scorer({"name": "torchmetrics.text.ROUGEScore", "rouge_keys": "rougeL"})("a", ["a"])
