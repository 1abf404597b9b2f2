"""Words, sentences and languages in scripts other than Latin."""

from __future__ import annotations

import pytest

from duet.proposals.scripts import count_words, end_mark, may_be


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("", 0),
        ("Sort it - now.", 4),
        ("翻译。", 1),
        ("总结全文。", 2),
        ("要約してください。", 4),
        ("แปล", 0),
        ("สรุปข้อความนี้", 3),
        ("把 input 翻译成 English 文本。", 5),
        ("단어를 거꾸로 쓰세요.", 3),
    ],
)
def test_words_without_blanks_are_counted_by_their_characters(text: str, n: int) -> None:
    assert count_words(text) == n


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("Sort it", "."),
        ("Übersetze es", "."),
        ("翻译成英文", "。"),
        ("英語に翻訳する", "。"),
        ("カタカナ", "。"),
        ("แปลเป็นภาษาอังกฤษ", ""),
        ("अंग्रेज़ी में अनुवाद करें", "।"),
        ("ترجم النص", "."),
        ("단어를 쓰세요", "."),
        ("123", "."),
    ],
)
def test_a_sentence_ends_as_its_script_does(text: str, mark: str) -> None:
    assert end_mark(text) == mark


@pytest.mark.parametrize(
    ("text", "language", "is_possible"),
    [
        ("将文本翻译成英文。", "Chinese", True),
        ("Translate the text.", "Chinese", False),
        ("テキストを英語に翻訳する。", "Japanese", True),
        ("将文本翻译成英文。", "Japanese", False),
        ("แปลข้อความ", "thai", True),
        ("Переведи текст на English.", "Russian", True),
        ("Translate the text.", "Russian", False),
        ("Übersetze den Text.", "German", True),
        ("将文本翻译成英文。", "German", False),
        ("Translate it.", "Klingon", True),
        ("123", "Chinese", True),
    ],
)
def test_a_language_is_known_by_its_script(text: str, language: str, is_possible: bool) -> None:
    assert may_be(text, language) is is_possible
