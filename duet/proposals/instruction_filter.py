"""Filters what can enter the pool: canonical texts that say what to do and give no example away."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from duet.examples.example import Example
from duet.prompts import PREFIX
from duet.proposals.quotes import quotes_a_part
from duet.proposals.scripts import END_MARKS, WITHOUT_BLANKS, count_words, end_mark, may_be

LISTED = r"[(（]?\d{1,3}[.):、．）：](?!\d)\s*|[①-⑳]\s*|[一二三四五六七八九十]{1,3}、"  # the number of an item
_MARKER = re.compile(rf"^\s*(?:[-*•]+\s+|{LISTED}|#+\s*)")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]")  # with half surrogate pairs
_MOST_QUOTES = 8  # layers of them around a text; more are nobody's spelling
_LONGEST = 10_000  # characters; what is longer is no instruction, with or without its quotes
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "«": "»", "「": "」", "『": "』"}


def canonical(text: str, *, several_lines: bool = False) -> str:
    """One spelling per instruction: first line, no marker, quotes or prefix, single blanks, a capital, a full stop.

    Control characters are blanks. With ``several_lines`` the others follow as they are, blank ones aside.

    >>> canonical('3. "The instruction was to write  the last letter" ')
    'Write the last letter.'
    >>> canonical("「将文本翻译成英文」"), canonical("Sort:\\n\\n- a\\n- b ", several_lines=True)
    ('将文本翻译成英文。', 'Sort:\\n- a\\n- b')
    """
    lines = [line.rstrip() for line in _CONTROL.sub(" ", text).replace("**", "").splitlines() if line.strip()]
    text = _bare(" ".join(_MARKER.sub("", lines[0]).split())) if lines else ""
    if text.lower().startswith(PREFIX.lower()):
        text = _bare(text[len(PREFIX) :].lstrip(" :,：，"))
    if several_lines and len(lines) > 1:
        return "\n".join([text[:1].upper() + text[1:], *lines[1:]]).strip()
    if not re.search(r"\w", text):
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in END_MARKS else end_mark(text))


def _bare(text: str, layers: int = _MOST_QUOTES) -> str:
    """Without quotes that stand around the whole or have no partner; those around a part stay."""
    text = text.strip(" *")
    if not layers or len(text) > _LONGEST:
        return text
    core = text.rstrip(END_MARKS)
    mark = text[len(core) :]
    for opening, closing in _QUOTES.items():
        both = f"[{opening}{closing}]"
        pattern = both if opening in "「『" else rf"(?<!\w){both}|{both}(?!\w)"  # else it may be an apostrophe
        edge = [found.start() for found in re.finditer(pattern, core)]
        wrapped = core.startswith(opening) and core.endswith(closing) and len(edge) % 2 == 0
        if wrapped and (len(edge) == 2 or core[edge[1] - 1] in f" ({opening}"):
            return _bare(core[1:-1] + mark, layers - 1)
        if len(edge) % 2 and core.endswith(closing):
            return _bare(core[:-1] + mark, layers - 1)
        if len(edge) % 2 and core.startswith((opening, closing)):
            return _bare(core[1:] + mark, layers - 1)
    return text


@dataclass(frozen=True)
class InstructionFilter:
    """Rejects texts that can't be instructions, or not those that are wanted. The writing model's prompt says what is.

    Args:
        min_words: fewer words are rejected; where words have no blanks, two characters (four in Thai) count as one.
        max_characters: longer texts are rejected.
        max_words: more words are rejected; None is no limit.
        language: the language of the instructions, in English (German, Thai, Chinese); a text in another script is
            rejected. None is any.
        must_keep: phrases that every instruction must hold, capitals aside.
        several_lines: whether an instruction may have more than one line; else its first one counts.
    """

    min_words: int = 2
    max_characters: int = 400
    max_words: int | None = None
    language: str | None = None
    must_keep: tuple[str, ...] = ()
    several_lines: bool = False

    def __post_init__(self) -> None:
        if self.max_words is not None and self.max_words < max(1, self.min_words):
            raise ValueError(f"Expected instruction_filter.max_words of at least min_words but got {self.max_words}")
        if any(not phrase.strip() for phrase in self.must_keep):
            raise ValueError("Expected phrases in instruction_filter.must_keep but one is empty")

    @property
    def requirements(self) -> tuple[str, ...]:
        """What the model that writes has to know, a sentence each."""
        kept = ", ".join(f'"{phrase}"' for phrase in self.must_keep)
        sentences = {
            f"Write in {self.language}.": self.language,
            f"Use at most {self.max_words} words.": self.max_words,
            f"Keep word for word: {kept}.": kept,
        }
        return tuple(sentence for sentence, is_wanted in sentences.items() if is_wanted)

    def rejection_reason(self, text: str, examples: Sequence[Example]) -> str | None:
        """Why ``text`` (canonical) is rejected, or None."""
        n_words = count_words(text)
        if n_words < self.min_words:
            return "too short"
        if len(text) > self.max_characters or (self.max_words is not None and n_words > self.max_words):
            return "too long"
        if self.language is not None and not may_be(text, self.language):
            return "another language"
        if any(phrase.lower() not in text.lower() for phrase in self.must_keep):
            return "lacks a phrase to keep"
        if re.search(r"\b(input|output)s?:", text, re.IGNORECASE):
            return "copies the demonstrations' form"
        if any(_quotes(text, example) for example in examples) or quotes_a_part(text, examples):
            return "quotes an example"
        return None

    def rejections(self, texts: Iterable[str], examples: Sequence[Example]) -> Counter[str]:
        """Returns how many texts are rejected, by reason.

        >>> InstructionFilter().rejections(["Sort it.", "Sort.", ""], [])
        Counter({'too short': 2})
        """
        reasons = (self.rejection_reason(text, examples) for text in texts)
        return Counter(reason for reason in reasons if reason is not None)


def describe_rejections(rejected: Mapping[str, int]) -> str:
    """The counts in words, the most frequent reason first.

    >>> describe_rejections({"too long": 1, "too short": 3})
    '3 too short, 1 too long'
    """
    return ", ".join(f"{count} {reason}" for reason, count in Counter(rejected).most_common())


def _quotes(text: str, example: Example) -> bool:
    """Returns whether an example's input (3 characters or more) stands in the text together with one of its outputs."""
    dense = WITHOUT_BLANKS.search(example.input) is not None  # a character says more there
    if len(example.input) < (2 if dense else 3) or not _holds(text, example.input):
        return False
    return len(example.input) >= (12 if dense else 24) or any(_holds(text, output) for output in example.outputs)


def _holds(text: str, part: str) -> bool:
    """Returns whether a part stands in a text as a word or words of its own, where words have edges."""
    part = part.strip().lower()
    before = "" if WITHOUT_BLANKS.match(part) else r"(?<!\w)"
    after = "" if WITHOUT_BLANKS.match(part[-1:]) else r"(?!\w)"
    return re.search(f"{before}{re.escape(part)}{after}", text.lower()) is not None
