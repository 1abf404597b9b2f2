from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from duet.examples.example import Example
from duet.models.base import AbstractBlackBox, Arrived, CallFailure, Completion, Request, always
from duet.models.errors import BudgetSpent, ProviderError
from duet.models.fakes import ScriptedBlackBox
from duet.models.metering import in_batches
from duet.proposals.initialisation import Initialisation, parse_instructions
from duet.proposals.instruction_filter import InstructionFilter

EXAMPLES = [Example(f"word{number}", (f"{number}drow",)) for number in range(20)]
BOTH = ["Add them.", "Sum it up."]


@pytest.mark.parametrize(
    "reply",
    [
        "1. The instruction was to add them.\n2. The instruction was to sum it up.",
        "1) add them\n2) sum it up",
        "(1) Add them.\n(2) Sum it up.",
        "1: add them\n2: sum it up",
        "- Add them.\n- Sum it up.",
        "* Add them.\n* Sum it up.",
        "• Add them.\n• Sum it up.",
        "Add them.\nSum it up.",
        "\n\n  Add them.  \n\n\n\tSum it up.\n\n",
        '1. "The instruction was to add them."\n2. "The instruction was to sum it up."',
        "1. “Add them.”\n2. “Sum it up.”",
        "1. **The instruction was to add them.**\n2. **The instruction was to** sum it up.",
        "**1.** Add them.\n**2.** Sum it up.\n\nDo you want more?",
        "1. **Short**: The instruction was to add them.\n2. **Longer**: The instruction was to sum it up.",
        "Sure! Here they are:\n\n1. Add them.\n2. Sum it up.\n\nLet me know if you need more!",
        "Here are two:\nThe instruction was to add them.\nThe instruction was to sum it up.\nI hope this helps.",
        (
            'Two, each beginning with "The instruction was to", varied:\n1. The instruction was to add them.\n'
            "2. The instruction was to sum it up.\nAll begin with 'The instruction was to'."
        ),
        "1.\nThe instruction was to add them.\n2.\nThe instruction was to sum it up.",
        '["Add them.", "The instruction was to sum it up."]',
        'Here:\n```json\n["Add them.",\n "Sum it up."]\n```\nDone.',
        '{"instructions": ["Add them.", "Sum it up."]}',
        "1. Add them.\n2. add them\n3. Sum it up.\n4. add  them.",
        "INSTRUCTIONS\nthe instruction was to: add them\nTHE INSTRUCTION WAS TO sum it up",
        "1. Add them.\r\n2. Sum it up.\r\n",
    ],
)
def test_the_instructions_are_found_whatever_stands_around_them(reply: str) -> None:
    assert parse_instructions(reply) == BOTH


@pytest.mark.parametrize(
    "reply",
    [
        "1. Add them.\n2. Sum it up.\n3. Write the tot",
        "Add them.\nSum it up.\nWrite",
        '["Add them.", "Sum it up.", "Write the tot',
        '["Add them.", "Sum it up.", ',
        '{"instructions": ["Add them.", "Sum it up.", "Write',
    ],
)
def test_a_list_that_was_cut_off_loses_its_last_item_only(reply: str) -> None:
    assert parse_instructions(reply, cut=True) == BOTH


def test_of_one_item_the_rest_is_kept() -> None:
    assert parse_instructions("Add th", cut=True) == ["Add th."]


class CutBlackBox(AbstractBlackBox):
    """Every answer is cut off in its third item."""

    @property
    def identity(self) -> str:
        return "cut"

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        answer = Completion("1. Add them.\n2. Sum it up.\n3. Write the tot", 1, 1, cut=True)
        return in_batches(requests, 9, lambda batch: [answer] * len(batch), may_send)


def test_the_whole_items_of_a_reply_that_was_cut_off_count() -> None:
    found = Initialisation(count=3, max_rounds=1).candidates(CutBlackBox(), EXAMPLES, InstructionFilter(), 0)
    assert [candidate.text for candidate in found] == BOTH


@pytest.mark.parametrize("reply", ["", "\n \n", "[]", "1.\n2.\n", '"', "**"])
def test_an_empty_reply_holds_no_instruction(reply: str) -> None:
    assert parse_instructions(reply) == []


@pytest.mark.parametrize("reply", ["[" * 100_000, "[" * 100_000 + "]" * 100_000, "]" + "[" * 100_000])
def test_brackets_without_end_hold_no_instruction(reply: str) -> None:
    assert parse_instructions(reply) == []


def test_the_first_line_of_an_item_counts() -> None:
    reply = "1. Add them.\n   For example, 1 and 2 make 3.\n2. Sum it up.\n   Nothing else."
    assert parse_instructions(reply) == BOTH


def test_brackets_that_are_no_list_are_text() -> None:
    assert parse_instructions("1. Write the words that start with [letter].\n2. Sum it up.") == [
        "Write the words that start with [letter].",
        "Sum it up.",
    ]


def test_a_list_within_an_item_is_no_reply() -> None:
    reply = '1. Answer with one of ["yes", "no"].\n2. Sum it up.'
    assert parse_instructions(reply) == ['Answer with one of ["yes", "no"].', "Sum it up."]


def test_lines_with_the_prefix_win_over_listed_ones() -> None:
    assert parse_instructions("1. Read the examples.\n2. The instruction was to add them.") == ["Add them."]


def test_braces_and_backslashes_stay() -> None:
    assert parse_instructions(r"1. Write {input} \g<0> twice.") == [r"Write {input} \g<0> twice."]


def test_forty_numbered_lines_are_forty_instructions() -> None:
    lines = [f"{n}. The instruction was to write rule {n} of them." for n in range(1, 41)]
    assert parse_instructions("\n".join(lines)) == [f"Write rule {n} of them." for n in range(1, 41)]


def texts(
    initialisation: Initialisation,
    box: ScriptedBlackBox,
    seed: int = 0,
    instruction_filter: InstructionFilter | None = None,
) -> list[str]:
    return [
        candidate.text
        for candidate in initialisation.candidates(box, EXAMPLES, instruction_filter or InstructionFilter(), seed)
    ]


def by_seed(request: Request) -> str:
    """Two instructions of its own for each seed."""
    return f"1. Do number {2 * request.seed}.\n2. Do number {2 * request.seed + 1}."


def test_one_request_is_enough_when_it_brings_enough() -> None:
    box = ScriptedBlackBox(lambda _: json.dumps([f"Rule number {n}." for n in range(50)]))
    found = Initialisation(count=40).candidates(box, EXAMPLES, InstructionFilter(), 0)
    assert [each.text for each in found] == [f"Rule number {n}." for n in range(40)]
    assert {each.origin for each in found} == {"initial"}
    [request] = box.requests
    assert (request.temperature, request.max_tokens) == (1.0, 4096)
    assert "Write 40 distinct instructions" in request.prompt
    assert sum(f"Input: {example.input}\nOutput: {example.outputs[0]}" in request.prompt for example in EXAMPLES) == 5


def test_it_asks_again_with_another_seed_while_there_are_too_few() -> None:
    box = ScriptedBlackBox(by_seed)
    assert texts(Initialisation(count=5, max_rounds=9), box, seed=4) == [f"Do number {n}." for n in range(8, 13)]
    assert [request.seed for request in box.requests] == [4, 5, 6]


@pytest.mark.parametrize("answer", ["1. Do it.", "", CallFailure("no", kind="refused")])
@pytest.mark.parametrize(("mode", "calls"), [("request", 3), ("sample", 3 * 4)])
def test_it_gives_up_after_the_last_round(mode: Any, calls: int, answer: str | CallFailure) -> None:
    box = ScriptedBlackBox(lambda _: answer)
    initialisation = Initialisation(mode, count=4, max_rounds=3)
    found = texts(initialisation, box)
    assert len(found) <= 1
    assert len(box.requests) <= calls


@pytest.mark.parametrize("mode", ["request", "sample"])
def test_failed_calls_are_not_taken_for_a_weak_model(mode: Any) -> None:
    box = ScriptedBlackBox(lambda _: CallFailure("400 no such parameter", kind="rejected"))
    with pytest.raises(ProviderError, match=r"^No first instruction arrived \(400 no such parameter\)$"):
        texts(Initialisation(mode, count=4, max_rounds=1), box)


def test_what_the_filter_rejects_does_not_count() -> None:
    box = ScriptedBlackBox(lambda r: f"1. Turn word1 into 1drow.\n2. Reverse.\n3. Do number {r.seed}.\n4. Input: x y")
    assert texts(Initialisation(count=2), box) == ["Do number 0.", "Do number 1."]


def sampled(request: Request) -> str:
    return f" write rule {request.seed} of it.\n\nInput: x"


def test_sampling_asks_for_one_instruction_a_call_with_demonstrations_of_its_own() -> None:
    box = ScriptedBlackBox(sampled)
    found = texts(Initialisation("sample", count=6, demonstrations=3, max_tokens=9, temperature=0.7), box)
    assert found == [f"Write rule {request.seed} of it." for request in box.requests]
    assert len({request.prompt for request in box.requests}) == len({request.seed for request in box.requests}) == 6
    for request in box.requests:
        assert request.prompt.endswith("\n\nThe instruction was to")
        assert request.prompt.count("Input: ") == 3
        assert (request.max_tokens, request.temperature) == (9, 0.7)


def test_a_second_round_samples_only_what_is_missing() -> None:
    seen: list[int] = []

    def answer(request: Request) -> str:
        seen.append(request.seed)
        return " do it" if len(seen) <= 4 else f" do rule {request.seed}"

    box = ScriptedBlackBox(answer)
    assert len(texts(Initialisation("sample", count=4), box)) == 4
    assert len(box.requests) == 4 + 3


@pytest.mark.parametrize(("mode", "answer"), [("request", by_seed), ("sample", sampled)])
def test_the_seed_decides(mode: Any, answer: Callable[[Request], str]) -> None:
    runs = []
    for seed in (0, 0, 100):
        box = ScriptedBlackBox(answer)
        runs.append((texts(Initialisation(mode, count=6), box, seed), box.requests))
    assert runs[0] == runs[1]
    assert runs[0][1][0].prompt != runs[2][1][0].prompt
    assert not set(runs[0][0]) & set(runs[2][0])


def test_a_spent_budget_is_not_caught() -> None:
    def refuse(_: Request) -> str:
        raise BudgetSpent("cap")

    with pytest.raises(BudgetSpent):
        texts(Initialisation(), ScriptedBlackBox(refuse))


@pytest.mark.parametrize("name", ["count", "demonstrations", "max_rounds", "max_tokens"])
def test_numbers_are_positive(name: str) -> None:
    with pytest.raises(ValueError, match=rf"Expected initialisation\.{name} of at least 1 but got 0"):
        Initialisation(**{name: 0})  # type: ignore[arg-type]


LABELS = [f"class {number}" for number in range(8)]
ROUTED = [Example(f"ticket {number}", (LABELS[number % 8 if number < 16 else 0],)) for number in range(60)]


def shown_outputs(prompt: str) -> list[str]:
    return [line.removeprefix("Output: ") for line in prompt.splitlines() if line.startswith("Output: ")]


@pytest.mark.parametrize("mode", ["request", "sample"])
def test_every_label_is_shown_twice_in_every_prompt_and_named_in_a_request(mode: Any) -> None:
    box = ScriptedBlackBox(lambda _: "")
    Initialisation(mode, count=3, max_rounds=2).candidates(box, ROUTED, InstructionFilter(), 0)
    for request in box.requests:
        assert sorted(shown_outputs(request.prompt)) == sorted(LABELS * 2)
        named = f"- The output is always one of: {', '.join(LABELS)}. Name them all where that helps."
        assert (named in request.prompt.splitlines()) == (mode == "request")


def test_the_papers_way_shows_five_at_random_drawn_once() -> None:
    box = ScriptedBlackBox(lambda _: "")
    paper = Initialisation(count=3, max_rounds=3, cover_labels=False, fresh_demonstrations=False)
    paper.candidates(box, ROUTED, InstructionFilter(), 0)
    assert len({request.prompt for request in box.requests}) == 1
    assert len(shown_outputs(box.requests[0].prompt)) == 5
    assert "one of" not in box.requests[0].prompt.split("Write 3 distinct")[1]


def test_every_round_of_asking_draws_anew() -> None:
    box = ScriptedBlackBox(lambda _: "")
    Initialisation(count=3, max_rounds=4).candidates(box, EXAMPLES, InstructionFilter(), 0)
    assert len({request.prompt for request in box.requests}) == 4


def test_task_audience_and_what_is_wanted_stand_in_the_request() -> None:
    box = ScriptedBlackBox(lambda _: "1. Sortiere die Tickets und antworte als JSON.")
    wanted = InstructionFilter(language="German", max_words=9, must_keep=("JSON",))
    asking = Initialisation(count=1, task_description="Routes {tickets}.", audience="a small model")
    [found] = asking.candidates(box, EXAMPLES, wanted, 0)
    assert found.text == "Sortiere die Tickets und antworte als JSON."
    lines = box.requests[0].prompt.splitlines()
    assert {"The task: Routes {tickets}.", "The instructions are for: a small model"} <= set(lines)
    assert {"- Write in German.", "- Use at most 9 words.", '- Keep word for word: "JSON".'} <= set(lines)
    assert "Begin each with" not in box.requests[0].prompt


def test_instructions_of_several_lines_are_asked_for_and_found() -> None:
    box = ScriptedBlackBox(lambda _: "Here:\n---\n1. Classify:\n- one\n- two\n---\nAnswer.\nOnly one word.\n---\n")
    found = Initialisation(count=3, max_rounds=1).write(box, EXAMPLES, InstructionFilter(several_lines=True), 0)
    assert [candidate.text for candidate in found.candidates] == ["Classify:\n- one\n- two", "Answer.\nOnly one word."]
    assert found.rejected == {"too short": 1}
    assert "Put a line with --- after each" in box.requests[0].prompt


def test_chinese_instructions_are_found_and_counted() -> None:
    reply = "1. 将文本翻译成英文。\n2. 翻译。\n3. 把每句话翻译成英文\n4. 将文本翻译成英文。"
    written = Initialisation(count=3, max_rounds=1).write(
        ScriptedBlackBox(lambda _: reply), EXAMPLES, InstructionFilter(), 0
    )
    assert [candidate.text for candidate in written.candidates] == ["将文本翻译成英文。", "把每句话翻译成英文。"]
    assert str(written) == "2 initial instructions of 3 generated texts; 1 rejected (1 too short)"


class SmallContext(ScriptedBlackBox):
    """Takes 1,000 tokens."""

    context_length = 1000


def test_long_inputs_lose_their_middle_and_fit_the_writer() -> None:
    long = [Example(f"{number} begins " + "word " * 4000 + f"ends {number}", ("out",)) for number in range(20)]
    for box, most in ((ScriptedBlackBox(lambda _: ""), 25_000), (SmallContext(lambda _: ""), 2_900)):
        for mode in ("request", "sample"):
            Initialisation(mode, count=2, max_rounds=1, max_tokens=50).candidates(box, long, InstructionFilter(), 0)
        for request in box.requests:
            assert most / 2 < len(request.prompt) <= most
            assert request.prompt.count(" [...] ") == request.prompt.count(" begins word") == 5
            assert len(re.findall(r"ends \d+\nOutput: out", request.prompt)) == 5
