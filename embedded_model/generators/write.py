"""Writes the tasks that ship with Duet, in the instruction-induction form: ``python -m embedded_model.generators.write``."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

from embedded_model.generators.families import BY_NAME, UNSEEN
from embedded_model.generators.family import Family

FOLDER = Path(__file__).parents[2] / "duet" / "tasks" / "shipped"
N_INDUCE, N_EXECUTE = 300, 100
OWN_TASKS = (
    # one word or number
    "second_letter",
    "reverse_word",
    "singular_to_plural",
    "number_in_words",
    # a list: select, then transform; an induced instruction often gets one of the two wrong. The last two letters are a
    # transform that the embedded model carries out but seldom thinks of, the first two of a selected word it never met
    "longest_word_last_letter",
    "longest_word_second_letter",
    "shortest_word_second_letter",
    "longest_word_last_two_letters",
    "alphabetically_last_word_second_letter",
    "alphabetically_first_word_last_two_letters",
    "longest_word_first_two_letters",
    "alphabetically_last_word_reversed",
    "sort_words",
    "swap_outer_words",
    # numbers
    "difference",
    # what words mean
    "smaller_animal",
    "animals_in_list",
    "count_objects",
    # sentences
    "active_to_passive",
    "words_starting_with",
    # held out: for the comparison of methods alone (configs/benchmarks/held_out.yaml); no setting may be chosen by them
    "shortest_word_first_two_letters",
    "alphabetically_last_word_first_two_letters",
    "mostly_longest_word_last_two_letters",
    "mostly_alphabetically_first_word_second_letter",
    "mostly_alphabetically_last_word_last_two_letters",
    "shortest_or_second_word_last_two_letters",
    "nearly_alphabetically_first_word_swapped",
    "longest_or_alphabetically_first_word_second_letter",
)


def draw_examples(family: Family, seed: int = 0) -> list[dict[str, Any]]:
    """Examples with different inputs; several accepted outputs are a list."""
    generator = random.Random(f"{seed}/{family.name}")
    found: dict[str, tuple[str, ...]] = {}
    while len(found) < N_INDUCE + N_EXECUTE:
        question, answers = family.draw(generator)
        found.setdefault(question, answers)
    return [
        {"input": question, "output": answers[0] if len(answers) == 1 else list(answers)}
        for question, answers in found.items()
    ]


def write(folder: Path = FOLDER) -> None:
    """Writes ``induce/NAME.json`` and ``execute/NAME.json`` of each task."""
    for name in OWN_TASKS:
        family = (BY_NAME | UNSEEN)[name]
        rows = draw_examples(family)
        for part, share in (("induce", rows[:N_INDUCE]), ("execute", rows[N_INDUCE:])):
            metadata = {"num_examples": len(share), "metric": family.metric}
            content = {"metadata": metadata, "examples": {str(i): row for i, row in enumerate(share, 1)}}
            path = folder / part / f"{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(*map(Path, sys.argv[1:2]))
