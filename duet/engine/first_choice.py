"""The first instructions: has them written, and chooses among them by what a former task says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain

from duet.examples.example import Example
from duet.models.base import AbstractBlackBox
from duet.models.errors import BudgetSpent, ProviderError
from duet.pool import Candidate, feature_rows, prior_rows
from duet.proposals.first_instructions import FirstInstructions
from duet.proposals.initialisation import Initialisation
from duet.proposals.instruction_filter import InstructionFilter
from duet.strategies.strategy import RewardPredictor


def write_first(
    initialisation: Initialisation,
    proposer: AbstractBlackBox,
    demonstrations: Sequence[Example],
    instruction_filter: InstructionFilter,
    seed: int,
) -> FirstInstructions:
    """Has the first instructions written.

    Raises:
        BudgetSpent: there was no room for them.
        ProviderError: none of the texts is an instruction.
    """
    try:
        first = initialisation.write(proposer, demonstrations, instruction_filter, seed)
    except BudgetSpent as error:
        raise BudgetSpent(f"No room for the first instructions; raise search.budget ({error})") from error
    if not first.candidates:
        raise ProviderError(
            f"The black box wrote no usable instruction ({first}); try initialisation.mode: sample or a stronger model"
        )
    return first


def most_promising_first(
    candidates: Sequence[Candidate],
    predictor: RewardPredictor,
    encode: Callable[[Sequence[Candidate]], list[Candidate]],
) -> tuple[Candidate, ...]:
    """Orders first instructions: own ones, then in turn the best by what a former task says and the next as written.

    A former task that differs misleads, so half of the places are not its own. No call is paid.

    Args:
        candidates: as they were written.
        predictor: knows the former task.
        encode: gives them their features.
    """
    own = [candidate for candidate in candidates if candidate.origin == "own"]
    others = encode([candidate for candidate in candidates if candidate.origin != "own"])
    if not others:
        return tuple(own)
    means = predictor.predict_joint(feature_rows(others), prior_rows(others))[0].tolist()
    places = range(len(others))
    order = dict.fromkeys(chain(*zip(sorted(places, key=lambda place: -means[place]), places, strict=True)))
    return (*own, *(replace(others[place], predicted=means[place]) for place in order))
