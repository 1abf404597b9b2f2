from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from duet.models.base import CallFailure, Completion, Message, Outcome, Request
from duet.models.errors import ProviderError
from duet.models.huggingface_black_box import HuggingFaceBlackBox, _outcome, _tokenise
from duet.models.open_model.causal_lm import load_causal_lm
from duet.models.open_model.chat import Chat
from duet.models.open_model.checkpoints import LoadOptions
from duet.models.openai_black_box import OpenAIBlackBox
from tests.models.conftest import make_model

REQUESTS = [
    Request("sort: b a", max_tokens=8),
    Request("x", max_tokens=20, temperature=1.0, seed=3),
    Request("a much longer prompt than the others, with words", max_tokens=8, temperature=0.5),
    Request("x", max_tokens=20, temperature=1.0, seed=4),
    Request("x", max_tokens=20),
]


def _text(outcome: Outcome) -> str:
    assert isinstance(outcome, Completion)
    return outcome.text


def test_requests_of_every_kind_in_one_call_are_answered_as_one_by_one(tiny: str) -> None:
    box = HuggingFaceBlackBox(tiny, batch_tokens=100)
    assert box.complete(REQUESTS) == [box.complete([request])[0] for request in REQUESTS]


def test_seeds_give_different_answers(tiny: str) -> None:
    answers = HuggingFaceBlackBox(tiny).complete(REQUESTS)
    assert _text(answers[1]) != _text(answers[3])


def test_usage_counts_the_prompts_and_the_answers_tokens(tiny: str) -> None:
    [answer] = HuggingFaceBlackBox(tiny).complete([Request("sort: b a", max_tokens=8)])
    assert isinstance(answer, Completion)
    assert (answer.prompt_tokens, answer.completion_tokens) == (1 + len("sort: b a"), len(answer.text))


def test_a_prompt_that_does_not_fit_fails_alone(tiny: str) -> None:
    long, short = HuggingFaceBlackBox(tiny).complete([Request("x" * 120, max_tokens=8), Request("x", max_tokens=8)])
    assert long == CallFailure("prompt has 121 tokens and 8 may follow, the model takes 128", kind="too_long")
    assert isinstance(short, Completion)


def test_a_plain_model_gets_the_prompt_as_it_is(tiny: str) -> None:
    lm = load_causal_lm(LoadOptions(tiny))
    [ids] = _tokenise(lm, [Chat().text(lm, Request("ab"))])
    assert lm.tokenizer.convert_ids_to_tokens(list(ids)) == ["<s>", "a", "b"]


def test_a_chat_model_gets_one_user_message_and_one_start_token(tiny_chat: str) -> None:
    lm = load_causal_lm(LoadOptions(tiny_chat))
    [ids] = _tokenise(lm, [Chat().text(lm, Request("ab"))])
    assert lm.tokenizer.convert_ids_to_tokens(list(ids)) == ["<s>", "<user>", "a", "b", "<answer>"]


def test_a_chat_model_gets_all_messages_and_a_plain_one_their_text(tiny: str, tiny_chat: str) -> None:
    request = Request("a\nb", messages=(Message("system", "a"), Message("user", "b")))
    for folder, expected in ((tiny, "<s> a \n b"), (tiny_chat, "<s> <user> a <user> b <answer>")):
        lm = load_causal_lm(LoadOptions(folder))
        [ids] = _tokenise(lm, [Chat().text(lm, request)])
        assert lm.tokenizer.convert_ids_to_tokens(list(ids)) == expected.split(" ")


def test_an_answer_is_cut_at_a_stop_sequence(tiny: str) -> None:
    whole = _text(HuggingFaceBlackBox(tiny).complete([Request("x", max_tokens=20)])[0])
    cut = HuggingFaceBlackBox(tiny).complete([Request("x", max_tokens=20, stop=(whole[5:7],))])[0]
    assert _text(cut) == whole[: whole.index(whole[5:7])]
    assert isinstance(cut, Completion)
    assert cut.completion_tokens >= len(cut.text)


def test_messages_that_a_chat_template_does_not_take_are_refused(tmp_path: Path) -> None:
    folder = make_model(tmp_path, "{{ raise_exception('System role not supported') }}")
    with pytest.raises(ProviderError, match="does not take messages of user: System role not supported"):
        HuggingFaceBlackBox(folder).complete([Request("x")])


def test_the_model_is_loaded_at_first_use_only() -> None:
    assert HuggingFaceBlackBox("./missing").complete([]) == []


def test_the_identity_tells_precisions_apart(tiny: str) -> None:
    assert HuggingFaceBlackBox(tiny).identity.startswith("huggingface:")
    assert HuggingFaceBlackBox(tiny).identity != HuggingFaceBlackBox(tiny, dtype="bfloat16").identity


def test_a_batch_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected batch_tokens of at least 1 but got 0"):
        HuggingFaceBlackBox(batch_tokens=0)
    with pytest.raises(ValueError, match="Expected batch_prompts of at least 1 but got 0"):
        HuggingFaceBlackBox(batch_prompts=0)


def texts_of(folder: str, **options: Any) -> list[str]:
    """What the model is given for one prompt."""
    lm = load_causal_lm(LoadOptions(folder))
    return [Chat(**options).text(lm, Request("ab"))]


def test_a_chat_template_gets_its_arguments_and_a_system_prompt(tmp_path: Path) -> None:
    template = (
        "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}"
        "{% if enable_thinking %}<think>{% endif %}"
    )
    folder = make_model(tmp_path, template)
    assert texts_of(folder, system_prompt="S") == ["<system>S<user>ab"]
    assert texts_of(folder, template_kwargs={"enable_thinking": True}) == ["<user>ab<think>"]


def test_a_system_prompt_stands_in_the_prompt_where_a_template_takes_none(tmp_path: Path, tiny: str) -> None:
    refusing = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    folder = make_model(tmp_path, f"{refusing}{{{{ messages[0]['content'] }}}}")
    assert texts_of(folder, system_prompt="S") == ["S\n\nab"] == texts_of(tiny, system_prompt="S")


def test_a_template_that_can_not_be_filled_is_one_line(tmp_path: Path) -> None:
    folder = make_model(tmp_path, "{{ raise_exception('never') }}")
    with pytest.raises(ProviderError, match="chat template does not take messages of user: never"):
        HuggingFaceBlackBox(folder).complete([Request("a")])


def test_how_prompts_are_put_is_part_of_the_identity(tiny: str) -> None:
    boxes = [
        HuggingFaceBlackBox(tiny), HuggingFaceBlackBox(tiny, system_prompt="S"),
        HuggingFaceBlackBox(tiny, chat_template_kwargs={"enable_thinking": False}),
        HuggingFaceBlackBox(tiny, reasoning_tokens=5),
    ]  # fmt: skip
    assert len({box.identity for box in boxes}) == 4
    assert [box.overhead for box in boxes] == [0, 1, 0, 0]
    assert [box.answer_overhead for box in boxes] == [0, 0, 0, 5]


def test_an_answer_at_its_limit_is_cut_and_reasoning_is_none() -> None:
    assert _outcome("a b", 3, 4, 4) == Completion("a b", 3, 4, cut=True)
    assert _outcome("<think>a</think>b", 3, 3, 4) == Completion("b", 3, 3)
    failure = _outcome("<think>a", 3, 4, 4)
    assert isinstance(failure, CallFailure)
    assert (failure.kind, failure.completion_tokens) == ("empty", 4)


def test_room_to_reason_is_added_to_every_answer(tiny: str) -> None:
    [answer] = HuggingFaceBlackBox(tiny, reasoning_tokens=6).complete([Request("sort: b a", max_tokens=2)])
    [longer] = HuggingFaceBlackBox(tiny).complete([Request("sort: b a", max_tokens=8)])
    assert answer == longer


def test_a_model_declares_that_it_follows_no_requests_and_no_name_does(tiny: str, tmp_path: Path) -> None:
    named = tmp_path / "my-embedded-llama"
    named.mkdir()
    assert HuggingFaceBlackBox(str(named)).follows_requests
    (named / "training.json").write_text('{"follows_requests": false}')
    assert not HuggingFaceBlackBox(str(named)).follows_requests
    assert not HuggingFaceBlackBox("embedded").follows_requests
    assert OpenAIBlackBox("m", "http://embedded-ai.example/v1").follows_requests


def test_the_room_of_a_model_is_taken_over_by_no_other_class() -> None:
    # jsonargparse hands the arguments of a default class on to the class that a setting names, if they have one name.
    hugging, other = (signature(box).parameters for box in (HuggingFaceBlackBox, OpenAIBlackBox))
    shared = [name for name in hugging if name in other and name != "model"]
    assert {name: hugging[name].default for name in shared} == {name: other[name].default for name in shared}
    assert "reasoning_tokens" in shared
