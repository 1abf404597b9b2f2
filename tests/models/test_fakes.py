from __future__ import annotations

import pytest
import torch

from duet.models.base import CallFailure, Completion, Request
from duet.models.fakes import HashingWhiteBox, ScriptedBlackBox


def test_a_script_is_a_function_or_a_table() -> None:
    assert ScriptedBlackBox(lambda r: f"{r.prompt}!").complete([Request("a b")]) == [Completion("a b!", 2, 2)]
    assert ScriptedBlackBox({"a": "b"}).complete([Request("a")]) == [Completion("b", 1, 1)]


def test_an_answer_ends_at_the_first_stop_sequence() -> None:
    box = ScriptedBlackBox(lambda _: "42\nInput: 7\nOutput: 8")
    assert box.complete([Request("a", stop=("Output:", "\n"))]) == [Completion("42", 1, 1)]
    assert box.complete([Request("a", stop=("###",))]) == [Completion("42\nInput: 7\nOutput: 8", 1, 5)]


def test_a_prompt_without_an_answer_fails() -> None:
    [outcome] = ScriptedBlackBox({}).complete([Request("a")])
    assert outcome == CallFailure("the script has no answer to this prompt", kind="rejected")


def test_a_scripted_box_notes_what_it_was_asked() -> None:
    box = ScriptedBlackBox(lambda _: CallFailure("busy"))
    assert box.complete([Request("a"), Request("b")]) == [CallFailure("busy")] * 2
    assert box.requests == [Request("a"), Request("b")]


def test_states_have_the_promised_shape_and_never_change() -> None:
    encoding = HashingWhiteBox(hidden_size=6).encode(["sort", "", "a"])
    assert encoding.states.shape == (3, 6)
    assert encoding.token_counts.tolist() == [4, 0, 1]
    assert torch.equal(encoding.states[1], torch.zeros(6))
    assert torch.equal(encoding.states, HashingWhiteBox(hidden_size=6).encode(["sort", "", "a"]).states)
    assert HashingWhiteBox(hidden_size=6).encode([]).states.shape == (0, 6)


def test_similar_texts_have_similar_states() -> None:
    base, near, far = HashingWhiteBox(64).encode(["sort the words", "sort the word", "give the capital"]).states
    assert torch.cosine_similarity(base, near, dim=0) > 0.8 > torch.cosine_similarity(base, far, dim=0)


def test_a_context_is_seen() -> None:
    box = HashingWhiteBox()
    assert not torch.equal(box.encode(["a"], ["in "]).states, box.encode(["a"]).states)


def test_greedy_texts_ignore_the_seed_and_sampled_ones_do_not() -> None:
    box = HashingWhiteBox()
    assert len(set(box.generate(["a"] * 20, seeds=range(20)))) == 1
    assert len(set(box.generate(["a"] * 20, seeds=range(20), temperature=1.0))) == 20


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_row_depends_on_itself_only(temperature: float) -> None:
    box = HashingWhiteBox()
    soft = torch.rand(8, 2, 8, generator=torch.Generator().manual_seed(0))
    together = box.generate(["a"] * 8, seeds=[1] * 8, temperature=temperature, soft_prompts=soft)
    alone = [
        box.generate(["a"], seeds=[1], temperature=temperature, soft_prompts=soft[row : row + 1])[0] for row in range(8)
    ]
    assert together == alone
    assert len(set(together)) == 8


def test_texts_keep_to_the_most_words() -> None:
    texts = HashingWhiteBox().generate(["a", "b", "c"], seeds=[0, 0, 0], max_new_tokens=2)
    assert [len(text.split()) for text in texts] == [2, 2, 2]
