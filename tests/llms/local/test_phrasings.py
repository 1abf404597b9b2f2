"""What is held out from training was never trained on."""

from __future__ import annotations

import re

import pytest

from llms.local import phrasings
from llms.local.corpus import WRAPPERS
from llms.local.grammar import expand

_GROUP = re.compile(r"\[([^\[\]]*)\]")


def plain(text: str) -> str:
    """Small letters, no blanks, no end mark: what may differ between two spellings of a phrasing."""
    return re.sub(r"\s", "", text.lower()).rstrip(".?!")


def pattern(template: str) -> str:
    """A regular expression for all plain phrasings of ``template``."""
    parts = _GROUP.split(template)
    return "".join(
        re.escape(plain_part(part))
        if i % 2 == 0
        else f"(?:{'|'.join(re.escape(plain_part(p)) for p in part.split('|'))})"
        for i, part in enumerate(parts)
    )


def plain_part(text: str) -> str:
    return re.sub(r"\s", "", text.lower())


def unwrapped(text: str) -> list[str]:
    """The text, and what stands inside each wrapper that it may have."""
    bare = plain(text.removeprefix("The instruction was to "))
    found = [bare]
    for wrapper in WRAPPERS:
        before, after = (plain_part(part) for part in wrapper.split("{}"))
        if bare.startswith(before) and bare.endswith(after):
            found.append(bare[len(before) : len(bare) - len(after)])
    return found


def grammar(name: str) -> re.Pattern[str]:
    templates = phrasings.PRECISE[name] + phrasings.VAGUE[name]
    return re.compile("|".join(rf"(?:{pattern(template)})[.?!]?" for template in templates))


def test_the_pattern_finds_every_phrasing_of_a_template() -> None:
    name = "reverse_word"
    found = grammar(name)
    for template in phrasings.PRECISE[name][:10]:
        assert all(found.fullmatch(plain(phrase)) for phrase in expand(template)[:200])


@pytest.mark.parametrize("name", list(phrasings.HELD_OUT))
def test_no_held_out_phrasing_can_be_drawn_in_training(name: str) -> None:
    found = grammar(name)
    drawn = [text for text in phrasings.HELD_OUT[name] if any(map(found.fullmatch, unwrapped(text)))]
    assert drawn == []


@pytest.mark.parametrize("table", ["PRECISE", "VAGUE", "HELD_OUT"])
def test_brackets_are_balanced_and_nothing_is_left_to_be_filled_in(table: str) -> None:
    for texts in getattr(phrasings, table).values():
        for text in texts:
            rest = _GROUP.sub("", text)
            if not re.search(r"\[[a-z]\]|bracket", text):
                assert not set("[]{}|") & set(rest), text


def test_held_out_phrasings_are_different_sentences() -> None:
    for name, texts in phrasings.HELD_OUT.items():
        assert len(set(map(plain, texts))) == len(texts) >= 3, name


def test_composites_are_a_selected_and_a_transformed_word() -> None:
    assert phrasings.is_composite("longest_word_doubled")
    assert not phrasings.is_composite("longest_word")
    assert sum(map(phrasings.is_composite, phrasings.PRECISE)) == 7 * 7
