from __future__ import annotations

from pathlib import Path

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from embedded_model.tokenizer import FIXED, SPECIAL, build, instruction_vocabulary

WORDS = [" write", " the", " letter", " instruction", " reverse"]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return build(WORDS, "üñé")


def pieces(tokenizer: PreTrainedTokenizerFast, text: str) -> list[str]:
    return tokenizer.backend_tokenizer.encode(text, add_special_tokens=False).tokens


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Instruction: Write the letter.\n\nInput: cat\nOutput: t",
        "Input: a\nOutput: b\n\nInput: c\nOutput: d\n\nThe instruction was to write the letter.",
        "  two  blanks   and\ttabs \n\n\n lines \r\n",
        "grün, mañana, été, straße",
        "日本語 ☃ 😀 Ω\u200b",
        "~!@#$%^&*()_+{}|:\"<>?`-=[]\\;',./ 0123456789",
        "<0x41> <pad?> {input}",
        "The instruction was to writethe Input: Output:",
        "unknownword written letters",
    ],
)
def test_a_text_comes_back_as_it_was(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    ids = tokenizer(text, add_special_tokens=False).input_ids
    assert tokenizer.decode(ids) == text
    assert tokenizer.decode(tokenizer(text).input_ids, skip_special_tokens=True) == text


@pytest.mark.parametrize("fixed", FIXED)
def test_each_fixed_word_is_one_token(tokenizer: PreTrainedTokenizerFast, fixed: str) -> None:
    assert pieces(tokenizer, fixed) == [fixed]


def test_a_prompt_is_its_fixed_words_its_instruction_in_words_and_its_input_in_characters(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    assert pieces(tokenizer, "Instruction: write the letter\n\nInput: write\nOutput: the") == [
        *("Instruction:", " write", " the", " letter", "\n\nInput: "),
        *"write",
        *("\nOutput:", " the"),
    ]


@pytest.mark.parametrize("word", ["write", "letter", "the", "x", "42", "grün"])
def test_a_one_word_input_is_spelled_out_even_if_it_is_in_the_vocabulary(
    tokenizer: PreTrainedTokenizerFast, word: str
) -> None:
    assert pieces(tokenizer, f"Input: {word}\nOutput:") == ["Input: ", *word, "\nOutput:"]


def test_an_unknown_word_and_a_longer_one_fall_to_characters(tokenizer: PreTrainedTokenizerFast) -> None:
    assert pieces(tokenizer, "a unknown writes") == ["a", " ", *"unknown", " ", *"writes"]


def test_a_single_letter_behind_a_blank_is_one_token(tokenizer: PreTrainedTokenizerFast) -> None:
    assert pieces(tokenizer, " t a c") == [" t", " a", " c"]


def test_letters_of_ones_own_are_tokens_and_all_others_bytes(tokenizer: PreTrainedTokenizerFast) -> None:
    assert pieces(tokenizer, "üß") == ["ü", "<0xC3>", "<0x9F>"]


def test_the_special_tokens_come_first(tokenizer: PreTrainedTokenizerFast) -> None:
    assert tokenizer.convert_ids_to_tokens([0, 1, 2]) == SPECIAL
    assert (tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id) == (0, 1, 2)
    assert tokenizer("a").input_ids[0] == 1


def test_the_chat_template_is_the_plain_prompt(tokenizer: PreTrainedTokenizerFast) -> None:
    prompt = "Instruction: write the {letter}\n\nInput: cat\nOutput:"
    text = tokenizer.apply_chat_template([{"role": "user", "content": prompt}], tokenize=False)
    assert text == "<s>" + prompt
    assert tokenizer(text, add_special_tokens=False).input_ids == tokenizer(prompt).input_ids


def test_a_saved_tokenizer_is_the_same(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    text = "Instruction: write the ü letter ☃\n\nInput: cat\nOutput: t"
    assert loaded(text).input_ids == tokenizer(text).input_ids
    assert loaded.chat_template == tokenizer.chat_template


def test_the_vocabulary_is_the_frequent_words_of_three_letters_each_with_its_blank() -> None:
    texts = ["write it", "write the word", "write: word, word", "of word-list list", "list, rare"]
    # " it" is too short with its blank counted; "-list" has no blank before it
    assert instruction_vocabulary(texts, at_least=3) == [" word", " write"]
    assert " list" in instruction_vocabulary(texts, at_least=2)
    assert instruction_vocabulary(["a bc"] * 9) == [" bc"]
