"""The first instructions: a black box writes them from a few examples (sections 3.1 and A.1)."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from duet.bounds import require_counts
from duet.examples.example import Example
from duet.examples.labels import closed_labels
from duet.models.base import AbstractBlackBox, CallFailure, Completion, Request
from duet.pool import Candidate
from duet.prompts import (
    MAX_CHARACTERS,
    PREFIX,
    SEPARATOR,
    draw_demonstrations,
    induction_prompt,
    initial_request,
    n_shown,
)
from duet.proposals.first_instructions import FirstInstructions
from duet.proposals.instruction_filter import LISTED, InstructionFilter, canonical
from duet.proposals.own_instructions import read_instructions
from duet.proposals.silence import explain_silence

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_JSON_LIST = re.compile(r'\[\s*"')
_REQUEST_CHARACTERS = 1500  # of the request without its demonstrations, about
_AROUND_EXAMPLE = 20  # characters of its form
_LEAST_ROOM = 400
_BYTES_PER_TOKEN = 3  # few: English takes more, Chinese about as many
_LISTED = re.compile(rf"^\s*(?:[-*•]\s+|{LISTED})")
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


def parse_blocks(reply: str, cut: bool = False) -> list[str]:
    """The instructions of several lines in a reply: what stands between lines with ---, else the items of a list.

    >>> parse_blocks("Sort:\\n- a\\n---\\n1. Order:\\n- b\\n---")
    ['Sort:\\n- a', 'Order:\\n- b']
    >>> parse_blocks("1. Sort:\\n- a\\n2. Order it"), parse_blocks("1. Sort\\n2. Order it\\n3. Wri", cut=True)
    (['Sort:\\n- a', 'Order it.'], ['Sort.', 'Order it.'])
    """
    blocks = re.split(rf"^\s*{SEPARATOR}-*\s*$", reply, flags=re.MULTILINE)
    if len(blocks) == 1:
        blocks = re.split(r"^(?=\s{0,3}[(（]?\d{1,3}[.):、．）：](?!\d))", reply, flags=re.MULTILINE)
        blocks = blocks[1:] if len(blocks) > 2 else blocks
    whole = blocks[:-1] if cut and len(blocks) > 1 else blocks
    texts = [canonical(block, several_lines=True) for block in whole]
    return list(dict.fromkeys(text for text in texts if text))


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
        count: how many instructions, own ones included.
        demonstrations: examples per prompt; more where every label is to be shown.
        max_rounds: how many more rounds of requests to send when there are fewer than ``count`` distinct ones.
        temperature: of the replies.
        max_tokens: most tokens of a reply (``request``) or of an instruction (``sample``).
        cover_labels: whether all outputs are shown, and named, where they are a small closed set such as the classes of
            a router. The paper draws at random.
        fresh_demonstrations: whether each round sees demonstrations of its own; else all see the same (the paper).
        task_description: what the task is, for the model that writes; the search is for instructions, not for this.
        audience: which model or people the instructions are for.
        instructions: own ones, which are scored first, whatever the filter says of them: a list, or a file with one per
            line, or a JSON or YAML file with a list.
        written: how many instructions to have written where a former predictor (``model.init_from``) chooses the
            ``count`` that are scored; None is as many as are scored.
    """

    mode: Literal["request", "sample"] = "request"
    count: int = 40
    demonstrations: int = 5
    max_rounds: int = 5
    temperature: float = 1.0
    max_tokens: int = 4096
    cover_labels: bool = True
    fresh_demonstrations: bool = True
    task_description: str = ""
    audience: str = ""
    instructions: tuple[str, ...] | str = ()
    written: int | None = None

    def __post_init__(self) -> None:
        require_counts(self, ("count", "demonstrations", "max_rounds", "max_tokens"), "initialisation.")
        if self.written is not None and self.written < self.count:
            raise ValueError(f"Expected initialisation.written of at least count, {self.count}, but got {self.written}")

    @cached_property
    def own(self) -> tuple[str, ...]:
        """The instructions of the user's own.

        Raises:
            ValueError: the file that is to hold them does not.
        """
        return read_instructions(self.instructions)

    @property
    def about(self) -> tuple[str, ...]:
        """What every model that writes is told of the task and its audience, a sentence each."""
        named = {"The task": self.task_description, "The instructions are for": self.audience}
        return tuple(f"{name}: {text}" for name, text in named.items() if text)

    @property
    def to_choose_from(self) -> Initialisation:
        """The same, for as many instructions as are written where a former predictor chooses."""
        return replace(self, count=self.written or self.count)

    @property
    def most(self) -> int:
        """The most first instructions: as many as are wanted, or all own ones."""
        return max(self.count, len(self.own))

    def candidates(
        self,
        black_box: AbstractBlackBox,
        demonstrations: Sequence[Example],
        instruction_filter: InstructionFilter,
        seed: int,
    ) -> list[Candidate]:
        """The instructions that ``write`` finds."""
        return list(self.write(black_box, demonstrations, instruction_filter, seed).candidates)

    def write(
        self,
        black_box: AbstractBlackBox,
        demonstrations: Sequence[Example],
        instruction_filter: InstructionFilter,
        seed: int,
    ) -> FirstInstructions:
        """Own instructions, then written ones, together ``count``; fewer when ``max_rounds`` replies held no more.

        Raises:
            ProviderError: there is none, as calls failed or were rejected.
            BudgetSpent: there is none, as the time was up.
        """
        found = dict.fromkeys(self.own)
        failures: list[CallFailure] = []
        texts: list[str] = []
        for requests in self._rounds(demonstrations, instruction_filter, seed, black_box.context_length):
            missing = self.count - len(found)
            if missing < 1:
                break
            outcomes = black_box.complete(requests[:missing] if self.mode == "sample" else requests)
            came = [self._texts(outcome, instruction_filter) for outcome in outcomes if isinstance(outcome, Completion)]
            texts += [text for reply in came for text in reply]
            found.update(
                (text, None)
                for reply in came
                for text in reply
                if instruction_filter.rejection_reason(text, demonstrations) is None
            )
            failures += [outcome for outcome in outcomes if isinstance(outcome, CallFailure)]
        if not found:
            explain_silence(failures, "first instruction", ("failed", "rejected", "too_long", "empty"))
        rejected = instruction_filter.rejections(texts, demonstrations)
        kept = (Candidate(text, "own" if text in self.own else "initial") for text in list(found)[: self.most])
        unusual = instruction_filter.rejections(self.own, demonstrations)
        return FirstInstructions(tuple(kept), len(texts), rejected, unusual)

    def first_request(
        self, demonstrations: Sequence[Example], instruction_filter: InstructionFilter, seed: int
    ) -> Request:
        """The first of the requests that ``candidates`` sends."""
        return next(self._rounds(demonstrations, instruction_filter, seed, None))[0]

    def _texts(self, reply: Completion, instruction_filter: InstructionFilter) -> list[str]:
        """The instructions in a reply, canonical; of one that was cut off, those that are whole."""
        if self.mode == "sample":
            return [canonical(reply.text)]
        parse = parse_blocks if instruction_filter.several_lines else parse_instructions
        return parse(reply.text, reply.cut)

    def _rounds(
        self, demonstrations: Sequence[Example], wanted: InstructionFilter, seed: int, context_length: int | None
    ) -> Iterator[list[Request]]:
        generator = random.Random(f"initialisation/{seed}")
        room = self._room(context_length, demonstrations)
        shown = self._drawn(demonstrations, generator)
        for number in range(self.max_rounds):
            if self.mode == "request":
                prompt = self._request(shown, demonstrations, wanted, room)
                yield [Request(prompt, self.max_tokens, self.temperature, seed + number)]
                shown = self._drawn(demonstrations, generator) if self.fresh_demonstrations else shown
                continue
            draws = [self._drawn(demonstrations, generator) for _ in range(self.count - len(self.own))]
            seeds = [generator.getrandbits(31) for _ in draws]
            yield [
                Request(induction_prompt(draw, room), self.max_tokens, self.temperature, draw_seed)
                for draw, draw_seed in zip(draws, seeds, strict=True)
            ]

    def _drawn(self, demonstrations: Sequence[Example], generator: random.Random) -> list[Example]:
        return draw_demonstrations(demonstrations, self.demonstrations, generator, cover_labels=self.cover_labels)

    def _request(
        self, shown: Sequence[Example], demonstrations: Sequence[Example], wanted: InstructionFilter, room: int
    ) -> str:
        return initial_request(
            shown,
            max(1, self.count - len(self.own)),
            labels=closed_labels(demonstrations) if self.cover_labels else (),
            about=self.about,
            requirements=wanted.requirements,
            in_own_words=wanted.language is not None,
            several_lines=wanted.several_lines,
            max_characters=room,
        )

    def _room(self, context_length: int | None, demonstrations: Sequence[Example]) -> int:
        """Characters for the demonstrations: what the model's context leaves, but not too many."""
        if context_length is None:
            return MAX_CHARACTERS
        text = "".join(example.input for example in demonstrations)
        width = len(text.encode(errors="replace")) / max(1, len(text))  # bytes of a character
        left = context_length - min(self.max_tokens, context_length // 2)
        rest = _REQUEST_CHARACTERS if self.mode == "request" else len(PREFIX)
        rest += _AROUND_EXAMPLE * n_shown(demonstrations, self.demonstrations)
        return max(_LEAST_ROOM, min(MAX_CHARACTERS, int(_BYTES_PER_TOKEN * left / max(1.0, width)) - rest))
