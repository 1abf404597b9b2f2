from __future__ import annotations

import pytest

from duet.models.base import CallFailure, Completion, Outcome, Request
from duet.models.huggingface_black_box import HuggingFaceBlackBox, _tokenise
from duet.models.open_model.causal_lm import load_causal_lm
from duet.models.open_model.chat import Chat
from duet.models.open_model.checkpoints import LoadOptions

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
    [ids] = _tokenise(lm, [Chat().text(lm, "ab")])
    assert lm.tokenizer.convert_ids_to_tokens(list(ids)) == ["<s>", "a", "b"]


def test_a_chat_model_gets_one_user_message_and_one_start_token(tiny_chat: str) -> None:
    lm = load_causal_lm(LoadOptions(tiny_chat))
    [ids] = _tokenise(lm, [Chat().text(lm, "ab")])
    assert lm.tokenizer.convert_ids_to_tokens(list(ids)) == ["<s>", "<user>", "a", "b", "<answer>"]


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
