"""How an answer is marked: string against string. The rules are those of the instruction-induction benchmark."""

from __future__ import annotations

import difflib
import math
import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from duet.tasks.example import TaskError

if TYPE_CHECKING:
    from torchmetrics import Metric

ScoreFunction = Callable[[str, Sequence[str]], float]

_DELETE_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalize(text: str) -> str:
    """The part of a text that is compared: first line, up to its first full stop, lower case, no punctuation.

    >>> normalize("Salt and Pepper. That is all")
    'salt pepper'
    """
    text = text.replace(" and ", " ").replace("Sentence 1:", " ").replace("Sentence 2:", " ").strip()
    text = text.split("\n", 1)[0].split(".", 1)[0]
    return text.lower().replace("-", " ").translate(_DELETE_PUNCTUATION)


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """1.0 if the normalised prediction equals a normalised answer.

    >>> exact_match("Zeit!", ["Zeiten", "Zeit"])
    1.0
    """
    said = normalize(prediction)
    return float(any(said == normalize(answer) for answer in answers))


def f1(prediction: str, answers: Sequence[str]) -> float:
    """F1 over the multisets of tokens, the best over the answers; without a common token 0.

    >>> round(f1("they involve oscillations", ["involve oscillations.", "can vibrate."]), 2)
    0.8
    """
    said = normalize(prediction).split()
    return max((_token_f1(said, normalize(answer).split()) for answer in answers), default=0.0)


def _token_f1(said: list[str], expected: list[str]) -> float:
    common = (Counter(said) & Counter(expected)).total()
    if common == 0:
        return 0.0
    precision, recall = common / len(said), common / len(expected)
    return 2 * precision * recall / (precision + recall)


def exact_set(prediction: str, answers: Sequence[str]) -> float:
    """1.0 if prediction and an answer have the same set of tokens.

    >>> exact_set("bird, dog and cow", ["dog, cow, bird"])
    1.0
    """
    said = set(normalize(prediction).split())
    return float(any(said == set(normalize(answer).split()) for answer in answers))


def contains(prediction: str, answers: Sequence[str]) -> float:
    """1.0 if an answer occurs in the prediction as whole words.

    >>> contains("a process or method", ["process"]), contains("processes", ["process"])
    (1.0, 0.0)
    """
    said = normalize(prediction)
    return float(any(re.search(rf"\b({re.escape(normalize(answer))})\b", said) for answer in answers))


METRICS: dict[str, ScoreFunction] = {
    "exact_match": exact_match,
    "f1": f1,
    "exact_set": exact_set,
    "contains": contains,
}


def resolve_metric(name: str) -> ScoreFunction:
    """The function behind the config key ``task.metric``.

    Args:
        name: a key of ``METRICS``, or the dotted path of a ``torchmetrics.Metric`` subclass whose ``update`` takes the
            predictions and the lists of accepted answers, and whose ``compute`` returns one number in [0, 1], higher is
            better. It is made without arguments and asked once per example.

    Raises:
        TaskError: no such metric, or a class that doesn't fit.
    """
    if name in METRICS:
        return METRICS[name]
    if "." in name:
        return _per_example(_import_metric(name), name)
    close = difflib.get_close_matches(name, METRICS, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    raise TaskError(
        f"task.metric: expected one of {', '.join(METRICS)}, or the dotted path of a torchmetrics.Metric, "
        f"but found {name!r}{hint}"
    )


def _import_metric(path: str) -> Metric:
    from torchmetrics import Metric  # imports torch, which the metrics above don't need

    module, _, attribute = path.rpartition(".")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise TaskError(f"task.metric: expected {path!r} to be importable but found: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Metric)):
        raise TaskError(f"task.metric: expected {path!r} to be a torchmetrics.Metric subclass but found {found!r}")
    if found.higher_is_better is False:
        raise TaskError(f"task.metric: expected a metric where higher is better but found {path!r}")
    try:
        return found()
    except (TypeError, ValueError) as error:
        raise TaskError(f"task.metric: expected {path!r} to need no arguments but found: {error}") from error


def _per_example(metric: Metric, path: str) -> ScoreFunction:
    """The metric as a function of one example. It holds a state during the call: one thread at a time."""

    def score(prediction: str, answers: Sequence[str]) -> float:
        metric.update([prediction], [list(answers)])
        value = metric.compute()
        metric.reset()
        try:
            number = float(value)
        except (TypeError, ValueError, RuntimeError) as error:
            raise TaskError(f"task.metric: expected one number from {path!r} but found {value!r}") from error
        if not 0.0 <= number <= 1.0:
            raise TaskError(f"task.metric: expected a score in [0, 1] from {path!r} but found {number}")
        return number

    return score


def mean_interval(scores: Sequence[float]) -> tuple[float, float]:
    """95 % confidence interval of the mean, within [0, 1].

    Scores that are all 0 or 1 get Wilson's interval (E. B. Wilson, JASA 22, 1927), which keeps a width when all are
    equal; others get Student's (Biometrika 6, 1908). One score that is neither 0 nor 1 says nothing: (0, 1).

    Args:
        scores: (n,), each in [0, 1].

    Raises:
        ValueError: there are no scores.

    >>> [round(bound, 3) for bound in mean_interval([1.0] * 10)]
    [0.722, 1.0]
    """
    if not scores:
        raise ValueError("Expected at least one score but got none")
    if all(score in (0.0, 1.0) for score in scores):
        return _wilson(sum(scores), len(scores))
    if len(scores) == 1:
        return 0.0, 1.0
    return _student(scores)


def _wilson(successes: float, n: int) -> tuple[float, float]:
    z = 1.959963984540054  # the normal distribution's 97.5 % quantile
    share = successes / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def _student(scores: Sequence[float]) -> tuple[float, float]:
    n = len(scores)
    mean = math.fsum(scores) / n
    variance = math.fsum((score - mean) ** 2 for score in scores) / (n - 1)
    half = _t_quantile(n - 1) * math.sqrt(variance / n)
    return max(0.0, mean - half), min(1.0, mean + half)


@lru_cache
def _t_quantile(degrees: int) -> float:
    """Student's 97.5 % quantile, by bisection on theta = atan(t / sqrt(degrees))."""
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_central(middle, degrees) < 0.95 else (low, middle)
    return math.tan(low) * math.sqrt(degrees)


def _t_central(theta: float, degrees: int) -> float:
    """P(|T| < t): the finite sums of Abramowitz and Stegun, 26.7.3 (odd) and 26.7.4 (even)."""
    odd = degrees % 2
    term = math.cos(theta) if odd else 1.0
    total = term if degrees > 1 else 0.0
    for k in range(2 + odd, degrees - 1, 2):
        term *= (k - 1) / k * math.cos(theta) ** 2
        total += term
    return 2 / math.pi * (theta + math.sin(theta) * total) if odd else math.sin(theta) * total
