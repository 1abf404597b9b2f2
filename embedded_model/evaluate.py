"""Measures the embedded model: ``python -m embedded_model.evaluate --data DIRECTORY`` makes the tables of the model card.

Per family: accuracy with phrasings that were held out from training, with vague ones, and with an instruction for
another family of the same kind; per real task: accuracy of a plain human instruction on its test set.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from duet.examples.example import Example
from duet.metrics.registry import PUBLISHED
from duet.models.base import AbstractBlackBox, Completion, Request
from duet.models.huggingface_black_box import HuggingFaceBlackBox
from duet.tasks.task import Task
from embedded_model import corpus, phrasings
from embedded_model.generators.families import FAMILIES
from embedded_model.generators.family import Family

HUMAN = {
    "first_word_letter": ["Write the first letter of the word.", "Give the initial letter of the word."],
    "second_word_letter": ["Write the second letter of the word.", "Give the second character of the word."],
    "letters_list": ["Write the letters of the word separated by spaces.", "Spell out the word."],
    "singular_to_plural": ["Write the plural of the word.", "Give the plural form of the noun."],
    "larger_animal": ["Write the larger animal.", "Which of the two animals is bigger?"],
    "taxonomy_animal": ["Write only the animals in the list.", "List the animals among the words."],
    "orthography_starts_with": ["Write the words that begin with the given letter.", "Find the words that start with the letter."],
    "num_to_verbal": ["Write the number in words.", "Spell out the number in English words."],
    "sum": ["Add the two numbers.", "Write the sum of the two numbers."],
    "diff": ["Subtract the second number from the first.", "Write the difference of the two numbers."],
    "active_to_passive": ["Rewrite the sentence in the passive voice.", "Change the sentence to passive voice."],
    "negation": ["Negate the sentence.", "Make the sentence negative."],
    "antonyms": ["Write the opposite of the word.", "Give the antonym of the word."],
    "word_sorting": ["Sort the words in alphabetical order.", "Put the words in alphabetical order."],
    "object_counting": ["Count the objects.", "How many objects are there?"],
    "rhymes": ["Write a word that rhymes with the word.", "Give a word that rhymes with the given word."],
    "synonyms": ["Write a synonym of the word.", "Give a word with the same meaning."],
    "sentiment": ["Is the sentiment positive or negative?", "Decide whether the review is positive or negative."],
    "translation_en-de": ["Translate the word into German.", "Write the German word."],
    "translation_en-es": ["Translate the word into Spanish.", "Write the Spanish word."],
    "translation_en-fr": ["Translate the word into French.", "Write the French word."],
    "periodic_elements": ["Write the element with this atomic number.", "Name the chemical element with the given atomic number."],
    "odd_one_out": ["Find the word that does not belong.", "Which word is the odd one out?"],
    "informal_to_formal": ["Rewrite the sentence in formal language.", "Make the sentence more formal."],
}  # fmt: skip
REQUIRED = list(HUMAN)[:12]
MARKER = "<!-- measured by python -m embedded_model.evaluate -->"


def score(box: AbstractBlackBox, metric: str, pairs: Sequence[tuple[str, Example]], max_tokens: int = 160) -> float:
    """Mean metric over (instruction, example) pairs."""
    prompts = [f"Instruction: {text}\n\nInput: {example.input}\nOutput:" for text, example in pairs]
    answers = box.complete([Request(prompt, max_tokens) for prompt in prompts])
    scores = [
        PUBLISHED[metric](answer.text, example.outputs) if isinstance(answer, Completion) else 0.0
        for answer, (_, example) in zip(answers, pairs, strict=True)
    ]
    return statistics.fmean(scores)


def fresh(family: Family, count: int, generator: random.Random) -> list[Example]:
    """Examples drawn with a seed that training never uses."""
    return [Example(*family.draw(generator)) for _ in range(count)]


def other(family: Family, generator: random.Random) -> Family:
    """Another family of the same kind."""
    return generator.choice([each for each in FAMILIES if each.kind == family.kind and each.name != family.name])


def family_row(box: AbstractBlackBox, family: Family, count: int, seed: int = 10_000_019) -> dict[str, float]:
    """Accuracy with held-out, vague and another family's instructions, each over ``count`` fresh examples."""
    generator = random.Random(f"{seed}/{family.name}")

    def measure(instruct: Callable[[], str]) -> float:
        return score(box, family.metric, [(instruct(), example) for example in fresh(family, count, generator)])

    return {
        "held_out": measure(lambda: generator.choice(phrasings.HELD_OUT[family.name])),
        "vague": measure(lambda: corpus.sentence(corpus.vague(family, generator), generator)),
        "other_task": measure(lambda: generator.choice(phrasings.HELD_OUT[other(family, generator).name])),
    }


def real_row(box: AbstractBlackBox, name: str, directory: Path) -> list[float]:
    """Accuracy of each plain human instruction on the real test set."""
    task = Task(name, directory=str(directory))
    examples = task.splits(0).test
    return [score(box, task.metric_name, [(text, example) for example in examples]) for text in HUMAN[name]]


def family_table(rows: dict[str, dict[str, float]]) -> list[str]:
    """Markdown lines, the mean last."""
    lines = ["| family | held-out phrasing | vague | another task's |", "|---|---|---|---|"]
    lines += [
        f"| {name} | " + " | ".join(f"{value:.2f}" for value in row.values()) + " |" for name, row in rows.items()
    ]
    means = [statistics.fmean(row[key] for row in rows.values()) for key in ("held_out", "vague", "other_task")]
    return [*lines, "| **mean** | " + " | ".join(f"**{value:.3f}**" for value in means) + " |"]


def real_table(rows: dict[str, list[float]]) -> list[str]:
    """Markdown lines, and how many of the required tasks reach .70."""
    lines = ["| real task | first human instruction | second |", "|---|---|---|"]
    lines += [f"| {name} | " + " | ".join(f"{value:.2f}" for value in values) + " |" for name, values in rows.items()]
    passed = sum(rows[name][0] >= 0.7 for name in REQUIRED)
    return [*lines, "", f"{passed} of the {len(REQUIRED)} first tasks reach .70 with the first instruction."]


def main(argv: list[str]) -> None:
    """Prints both tables as Markdown, and puts them into the model card if one is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--data", type=Path, help="folder of the published tasks")
    parser.add_argument("--examples", type=int, default=40)
    parser.add_argument("--card", type=Path, help=f"model card; what follows {MARKER!r} is replaced")
    arguments = parser.parse_args(argv)
    box = HuggingFaceBlackBox(arguments.model, batch_tokens=32768)
    lines = family_table({family.name: family_row(box, family, arguments.examples) for family in FAMILIES})
    if arguments.data:
        lines = [*real_table({name: real_row(box, name, arguments.data) for name in HUMAN}), "", *lines]
    print("\n".join(lines))
    if arguments.card:
        head = arguments.card.read_text(encoding="utf-8").partition(MARKER)[0]
        arguments.card.write_text("\n".join([head + MARKER, "", *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
