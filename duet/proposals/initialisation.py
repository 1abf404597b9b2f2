"""The first instructions: a black box writes them from a few examples (sections 3.1 and A.1)."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from duet.models.base import NOT_SENT, AbstractBlackBox, CallFailure, Completion, Request
from duet.models.errors import BudgetSpent, ProviderError
from duet.pool import Candidate
from duet.prompts import PREFIX, draw_demonstrations, induction_prompt, initial_request
from duet.proposals.instruction_filter import Guard, canonical
from duet.tasks.example import Example

_LISTED = re.compile(r"^\s*(?:[-*•]\s+|\(?\d{1,3}[.):](?!\d)\s*)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_JSON_LIST = re.compile(r'\[\s*"')
_BEGINS = re.compile(rf"[\W\d_]*{PREFIX}\b", re.IGNORECASE)


def parse_instructions(reply: str, cut: bool = False) -> list[str]:
    """The instructions in a reply, canonical and distinct, whatever stands around them.

    Numbered or bulleted lists, quotes, JSON lists, preambles and closing remarks are understood. Lines that begin with
    "The instruction was to", maybe as an item of a list, win; else lines that hold it; else listed lines; else all.

    >>> parse_instructions('Two:\\n1. "The instruction was to add them."\\n2) The instruction was to sum up')
    ['Add them.', 'Sum up.']

    Args:
        reply: the model's text.
        cut: whether it was cut off, so that its last item is not whole; a list of one item keeps it.
    """
    reply = _without_last_item(reply) if cut else reply
    lines = [line for line in reply.replace("**", "").splitlines() if line.strip()]
    listed = [line for line in lines if _LISTED.match(line)]
    prefixed = [line for line in lines if PREFIX.lower() in line.lower()]
    begun = [line for line in prefixed if _BEGINS.match(line) or _LISTED.match(line)]
    items = [] if listed else _json_strings(reply)
    texts = [canonical(_after_prefix(line)) for line in items or begun or prefixed or listed or lines]
    return list(dict.fromkeys(text for text in texts if text))


def _without_last_item(reply: str) -> str:
    """A reply that was cut off without its last line or, in a JSON list, its last string, closed again."""
    whole = reply.rstrip()
    strings = list(_STRING.finditer(whole, max(0, whole.find("[")))) if _JSON_LIST.search(whole) else []
    if strings:
        return f"{whole[: strings[-1].end()]}]"
    lines = whole.splitlines()
    return "\n".join(lines[:-1]) if len(lines) > 1 else reply


def _json_strings(reply: str) -> list[str]:
    try:
        value = json.loads(reply[reply.find("[") : reply.rfind("]") + 1] or "null")
    except (ValueError, RecursionError):
        return []
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _after_prefix(line: str) -> str:
    start = line.lower().find(PREFIX.lower())
    return line[start:] if start >= 0 else line


@dataclass(frozen=True)
class Initialisation:
    """Asks a black box for the first instructions.

    Args:
        mode: ``request``, one structured request for all of them (the paper's); ``sample``, sampled completions of the
            induction prompt, each with demonstrations of its own, for models that can't follow long requests.
        count: how many instructions.
        demonstrations: examples per prompt.
        max_rounds: how often to ask again when there are fewer than ``count`` distinct ones.
        temperature: of the replies.
        max_tokens: most tokens of a reply (``request``) or of an instruction (``sample``).
    """

    mode: Literal["request", "sample"] = "request"
    count: int = 40
    demonstrations: int = 5
    max_rounds: int = 5
    temperature: float = 1.0
    max_tokens: int = 4096

    def __post_init__(self) -> None:
        if min(self.count, self.demonstrations, self.max_rounds, self.max_tokens) < 1:
            raise ValueError("Expected initialisation.count, demonstrations, max_rounds and max_tokens of at least 1")

    @property
    def most_calls(self) -> int:
        """The most calls that it can make."""
        return self.max_rounds * (1 if self.mode == "request" else self.count)

    def candidates(
        self, black_box: AbstractBlackBox, demonstrations: Sequence[Example], guard: Guard, seed: int
    ) -> list[Candidate]:
        """At most ``count`` distinct instructions; fewer when ``max_rounds`` replies held no more.

        Raises:
            ProviderError: there is none, as calls failed or were rejected.
            BudgetSpent: there is none, as the time was up.
        """
        found: dict[str, None] = {}
        failures: list[CallFailure] = []
        for requests in self._rounds(demonstrations, seed):
            missing = self.count - len(found)
            outcomes = black_box.complete(requests[:missing] if self.mode == "sample" else requests)
            for outcome in outcomes:
                if isinstance(outcome, Completion):
                    text = outcome.text
                    texts = parse_instructions(text, outcome.cut) if self.mode == "request" else [canonical(text)]
                    found.update((text, None) for text in texts if guard.reason(text, demonstrations) is None)
            failures += [outcome for outcome in outcomes if isinstance(outcome, CallFailure)]
            if len(found) >= self.count:
                break
        if not found:
            _explain(failures)
        return [Candidate(text, "initial") for text in list(found)[: self.count]]

    def first_request(self, demonstrations: Sequence[Example], seed: int) -> Request:
        """The first of the requests that ``candidates`` sends."""
        return next(self._rounds(demonstrations, seed))[0]

    def _rounds(self, demonstrations: Sequence[Example], seed: int) -> Iterator[list[Request]]:
        generator = random.Random(f"initialisation/{seed}")
        shown = draw_demonstrations(demonstrations, self.demonstrations, generator)
        for number in range(self.max_rounds):
            if self.mode == "request":
                yield [Request(initial_request(shown, self.count), self.max_tokens, self.temperature, seed + number)]
                continue
            draws = [draw_demonstrations(demonstrations, self.demonstrations, generator) for _ in range(self.count)]
            seeds = [generator.getrandbits(31) for _ in draws]
            yield [
                Request(induction_prompt(draw), self.max_tokens, self.temperature, one)
                for draw, one in zip(draws, seeds, strict=True)
            ]


def _explain(failures: Sequence[CallFailure]) -> None:
    """Says why there is no instruction where it is not the model's fault."""
    if NOT_SENT in failures:
        raise BudgetSpent("The time was up before the first instructions came")
    for failure in failures:
        if failure.kind in ("failed", "rejected", "too_long", "empty"):
            raise ProviderError(f"No first instruction came: {failure.reason}")
