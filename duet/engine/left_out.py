"""Leaves examples out for all instructions, so that scores stay paired: those that no answer can come for."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, overload

from duet.engine.answer_problems import UNANSWERED
from duet.evaluation.evaluation import Evaluation
from duet.examples.example import Example
from duet.messages import printable
from duet.models.errors import ProviderError
from duet.pool import Pool
from duet.reporting.records import LeftOut

log = logging.getLogger("duet")
NO_ANSWER = (*UNANSWERED, "empty")


def unanswerable(problems: Iterable[Sequence[str]]) -> dict[int, str]:
    """The places of the examples that at least half of the instructions that met them got no answer for, and why.

    An answer that fails for fewer of them is the instruction's fault, and stays wrong.

    >>> unanswerable([["", "refused", "filtered"], ["", "refused"], ["refused", ""], [""]])
    {1: 'refused', 2: 'filtered'}
    """
    met, missing = Counter[int](), defaultdict[int, Counter[str]](Counter)
    for row in problems:
        for place, problem in enumerate(row):
            met[place] += 1
            if problem in NO_ANSWER:
                missing[place][problem] += 1
    return {
        place: counts.most_common(1)[0][0]
        for place, counts in sorted(missing.items())
        if 2 * counts.total() >= met[place]
    }


def without_places(evaluation: Evaluation, places: Iterable[int]) -> Evaluation:
    """The evaluation less some of its examples."""
    gone = set(places)
    kept = [place for place in range(len(evaluation.scores)) if place not in gone]
    problems = evaluation.problems or ("",) * len(evaluation.scores)
    prompt_tokens = evaluation.prompt_tokens or (0,) * len(evaluation.scores)
    return Evaluation(
        tuple(evaluation.scores[place] for place in kept),
        tuple(evaluation.outputs[place] for place in kept),
        tuple(problems[place] for place in kept),
        tuple(prompt_tokens[place] for place in kept),
    )


class ValidationExamples(Sequence[Example]):
    """The examples that are searched on; some may be left out on the way.

    Args:
        examples: all of them, in the order in which every instruction meets them.
    """

    def __init__(self, examples: Sequence[Example]) -> None:
        self._all = tuple(examples)
        self._kept = list(range(len(examples)))
        self.why: dict[int, str] = {}
        self.problems: Counter[str] = Counter()  # of the answers that were left out with them
        self.answers = 0

    @overload
    def __getitem__(self, place: int) -> Example: ...
    @overload
    def __getitem__(self, place: slice) -> list[Example]: ...
    def __getitem__(self, place: int | slice) -> Example | list[Example]:
        if isinstance(place, slice):
            return [self._all[number] for number in self._kept[place]]
        return self._all[self._kept[place]]

    def __len__(self) -> int:
        return len(self._kept)

    def settled(self, pool: Pool) -> Pool:
        """The pool less the examples that no answer can come for, which are left out from here on.

        Raises:
            ProviderError: none would be left.
        """
        out = unanswerable(row.problems for row in pool)
        if not out:
            return pool
        if len(out) == len(self):
            raise ProviderError("No validation example can be answered: check the model, the prompt and the examples")
        gone = [row.problems[place] for row in pool for place in out if place < len(row.problems)]
        self.problems.update(filter(None, gone))
        self.answers += len(gone)
        for place, why in out.items():
            _say(self[place], why)
            self.why[self._kept[place]] = why
        self._kept = [number for number in self._kept if number not in self.why]
        rows = [replace(row, **vars(without_places(row.evaluation, out))) for row in pool]
        return replace(pool, observations=tuple(rows))

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What result.json says of them."""
        return tuple(LeftOut("validation", self._all[number].input, why) for number, why in self.why.items())

    def state_dict(self) -> dict[str, object]:
        """Plain values."""
        return {"why": dict(self.why), "problems": dict(self.problems), "answers": self.answers}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continues where ``state_dict`` was taken."""
        self.why = {int(number): why for number, why in state["why"].items()}
        self.problems, self.answers = Counter(state["problems"]), state["answers"]
        self._kept = [number for number in range(len(self._all)) if number not in self.why]


class FirstExamples(Sequence[Example]):
    """The first of them, whichever they are by now.

    Args:
        examples: all that are left.
        most: how many.
    """

    def __init__(self, examples: Sequence[Example], most: int) -> None:
        self._examples, self._most = examples, most

    @overload
    def __getitem__(self, place: int) -> Example: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Example]: ...
    def __getitem__(self, place: int | slice) -> Example | Sequence[Example]:
        return self._examples[: self._most][place]

    def __iter__(self) -> Iterator[Example]:
        return iter(self._examples[: self._most])

    def __len__(self) -> int:
        return min(self._most, len(self._examples))


def paired(
    evaluations: Mapping[str, Evaluation | None], examples: Sequence[Example], split: str
) -> tuple[dict[str, Evaluation | None], list[Example], tuple[LeftOut, ...]]:
    """Evaluations on the same examples less those that no answer can come for, and what is left of the examples.

    If none would be left, all stay, and count as wrong.
    """
    out = unanswerable(found.problems for found in evaluations.values() if found)
    if not out or len(out) == len(examples):
        return dict(evaluations), list(examples), ()
    for place, why in out.items():
        _say(examples[place], why)
    kept = [example for place, example in enumerate(examples) if place not in out]
    found = {text: each and without_places(each, out) for text, each in evaluations.items()}
    return found, kept, tuple(LeftOut(split, examples[place].input, why) for place, why in out.items())


def _say(example: Example, why: str) -> None:
    log.warning(
        "An example is left out for all instructions (%s): %s", why.replace("_", " "), printable(example.input, 80)
    )
