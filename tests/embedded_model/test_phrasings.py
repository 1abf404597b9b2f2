"""What is held out from training was never trained on."""

from __future__ import annotations

import random
import re

import pytest

from embedded_model import corpus, phrasings
from embedded_model.corpus import plain
from embedded_model.generators.families import BY_NAME

_GROUP = re.compile(r"\[([^\[\]]*)\]")


def test_no_held_out_phrasing_is_drawn_in_training(monkeypatch: pytest.MonkeyPatch) -> None:
    held_out = "spell it with capitals"
    monkeypatch.setitem(phrasings.PRECISE, "upper_case", ["spell it [with|in] capitals"])
    family = BY_NAME["upper_case"]

    def texts() -> set[str]:
        drawn = {corpus.precise(family, random.Random(seed)) for seed in range(200)}
        return {each for each in drawn if held_out in each}

    assert texts()
    monkeypatch.setattr(corpus, "_held_out", lambda: frozenset([plain(held_out)]))
    assert not texts()


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
    assert sum(map(phrasings.is_composite, phrasings.PRECISE)) == 7 * 10
