"""Scripts of the world, as far as they matter for an instruction: words without blanks, end marks, languages."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

END_MARKS = ".?!。．｡？！…؟۔।॥։።፧။៕"
_HAN_KANA = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_SOUTH_EAST_ASIAN = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
_CHARACTERS_PER_WORD = {re.compile(f"[{_HAN_KANA}]"): 2, re.compile(f"[{_SOUTH_EAST_ASIAN}]"): 4}  # about, and few
WITHOUT_BLANKS = re.compile(f"[{_HAN_KANA}{_SOUTH_EAST_ASIAN}]")  # their words stand next to each other
_KANA = {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HALFWIDTH"}
_SCRIPTS = {
    "chinese mandarin cantonese zh": {"CJK"},
    "japanese ja": {"CJK", *_KANA},
    "korean ko": {"HANGUL"},
    "thai th": {"THAI"},
    "lao lo": {"LAO"},
    "burmese my": {"MYANMAR"},
    "khmer km": {"KHMER"},
    "russian ukrainian bulgarian belarusian macedonian kazakh kyrgyz mongolian ru uk bg": {"CYRILLIC"},
    "greek el": {"GREEK"},
    "hebrew yiddish he": {"HEBREW"},
    "arabic persian farsi urdu pashto ar fa ur": {"ARABIC"},
    "hindi marathi nepali sanskrit hi mr ne": {"DEVANAGARI"},
    "bengali bangla assamese bn": {"BENGALI"},
    "tamil ta": {"TAMIL"},
    "telugu te": {"TELUGU"},
    "kannada kn": {"KANNADA"},
    "malayalam ml": {"MALAYALAM"},
    "gujarati gu": {"GUJARATI"},
    "punjabi pa": {"GURMUKHI"},
    "sinhala si": {"SINHALA"},
    "georgian ka": {"GEORGIAN"},
    "armenian hy": {"ARMENIAN"},
    "amharic tigrinya am": {"ETHIOPIC"},
    "english german french spanish italian portuguese dutch polish czech slovak swedish danish norwegian finnish "
    "hungarian romanian croatian slovenian turkish vietnamese indonesian malay tagalog swahili latin catalan estonian "
    "latvian lithuanian icelandic irish welsh basque albanian afrikaans "
    "en de fr es it pt nl pl cs sk sv da no fi hu ro hr sl tr vi id ms": {"LATIN", "FULLWIDTH"},
}
_BY_LANGUAGE = {name: scripts for names, scripts in _SCRIPTS.items() for name in names.split()}


def count_words(text: str) -> int:
    """Words; where they have no blanks between them, two characters (four in Thai) count as one.

    >>> count_words("Write the last letter."), count_words("将文本翻译成英文。"), count_words("翻译。")
    (4, 4, 1)
    """
    if not WITHOUT_BLANKS.search(text):
        return len(text.split())
    dense = sum(len(script.findall(text)) / size for script, size in _CHARACTERS_PER_WORD.items())
    others = WITHOUT_BLANKS.sub(" ", text).split()
    return int(dense) + sum(bool(re.search(r"\w", word)) for word in others)


def end_mark(text: str) -> str:
    """Finds what ends a sentence in the script of most letters of a text; Thai and its neighbours need nothing.

    >>> end_mark("Sort it"), end_mark("翻译成英文"), end_mark("สรุปข้อความ"), end_mark("अनुवाद करें")
    ('.', '。', '', '।')
    """
    script, _ = (script_counts(text).most_common(1) or [("LATIN", 0)])[0]
    marks = {
        "CJK": "。",
        **dict.fromkeys(_KANA, "。"),
        "DEVANAGARI": "।",
        "BENGALI": "।",
        "MYANMAR": "။",
        "ETHIOPIC": "።",
    }
    return marks.get(script, "" if script in ("THAI", "LAO", "KHMER") else ".")


def script_counts(text: str) -> Counter[str]:
    """Returns how many letters are of each script, by the first word of their Unicode names."""
    return Counter(unicodedata.name(letter, "?").split()[0] for letter in text if letter.isalpha())


def may_be(text: str, language: str) -> bool:
    """Returns whether at least half of the letters are of the language's script; Japanese has kana too.

    It tells Thai from English, not English from German. A language that it does not know is not checked.

    >>> may_be("翻译成英文。", "Chinese"), may_be("Translate it.", "Chinese"), may_be("Translate it.", "German")
    (True, False, True)
    """
    scripts = _BY_LANGUAGE.get(language.strip().lower())
    counts = script_counts(text)
    if scripts is None or not counts:
        return True
    if "HIRAGANA" in scripts and not any(script in counts for script in _KANA):
        return False
    return 2 * sum(counts[script] for script in scripts) >= counts.total()
