"""Every family against a rule that is written another way, or against the inverse."""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from duet.metrics.registry import PUBLISHED
from embedded_model.generators import lexicon
from embedded_model.generators.families import BY_NAME, FAMILIES, UNSEEN
from embedded_model.generators.numbers import in_words
from embedded_model.generators.word_lists import SELECTORS, TRANSFORMS

Rule = Callable[[str], str]
DRAWS = 60


def drawn(name: str, count: int = DRAWS) -> Iterator[tuple[str, tuple[str, ...]]]:
    generator = random.Random(f"test/{name}")
    for _ in range(count):
        yield BY_NAME[name].draw(generator)


def only(outputs: tuple[str, ...]) -> str:
    [output] = outputs
    return output


def checked(rules: dict[str, Rule]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("name", "rule"), rules.items())


# All families


def test_there_are_no_two_families_of_one_name() -> None:
    assert len(BY_NAME) == len(FAMILIES) == len({family.name for family in FAMILIES})


@pytest.mark.parametrize("name", BY_NAME)
def test_the_generator_decides_what_is_drawn(name: str) -> None:
    def draws(seed: int) -> list[tuple[str, tuple[str, ...]]]:
        generator = random.Random(seed)
        return [BY_NAME[name].draw(generator) for _ in range(12)]

    random.seed(1)
    first = draws(0)
    random.seed(2)
    assert first == draws(0) != draws(1)


@pytest.mark.parametrize("name", BY_NAME)
def test_an_example_is_a_question_with_answers_that_the_metric_accepts(name: str) -> None:
    family = BY_NAME[name]
    for question, answers in drawn(name, 20):
        assert question.strip()
        assert answers
        assert all(answer and answer == answer.strip() for answer in answers)
        assert PUBLISHED[family.metric](answers[0], answers) == 1.0


@pytest.mark.parametrize("name", [name for name in BY_NAME if name not in ("element", "sentiment")])
def test_a_family_has_many_different_examples(name: str) -> None:
    assert len({question for question, _ in drawn(name)}) > DRAWS / 3


# Letters

LETTERS: dict[str, Rule] = {
    "first_letter": lambda word: next(iter(word)),
    "second_letter": lambda word: list(word)[1],
    "third_letter": lambda word: list(word)[2],
    "last_letter": lambda word: list(word).pop(),
    "spell_out": lambda word: re.sub(r"(?<=.)(?=.)", " ", word),
    "reverse_word": lambda word: "".join(reversed(word)),
    "upper_case": lambda word: "".join(chr(ord(letter) - 32) for letter in word),
    "count_letters": lambda word: str(sum(1 for _ in word)),
    "keep_vowels": lambda word: re.sub("[^aeiou]", "", word),
    "remove_vowels": lambda word: re.sub("[aeiou]", "", word),
    "repeat_word": lambda word: " ".join([word] * 2),
    "first_two_letters": lambda word: re.sub("(?<=^..).*", "", word),
    "last_two_letters": lambda word: re.sub("^.*(?=..$)", "", word),
    "first_and_last_letter": lambda word: re.sub("^(.).*(.)$", r"\1 \2", word),
    "swap_first_and_last": lambda word: re.sub("^(.)(.*)(.)$", r"\3\2\1", word),
}


@checked(LETTERS)
def test_letters_are_those_of_the_word(name: str, rule: Rule) -> None:
    for word, outputs in drawn(name):
        assert re.fullmatch("[a-z]{3,10}", word)
        assert only(outputs) == rule(word)


# Lists of words


def by_length(words: str) -> list[str]:
    return sorted(words.split(), key=lambda word: (len(word), word))


CHOSEN: dict[str, Rule] = {
    "first": lambda text: text.partition(" ")[0],
    "second": lambda text: text.split(" ", 2)[1],
    "last": lambda text: text.rpartition(" ")[2],
    "longest": lambda text: by_length(text)[-1],
    "shortest": lambda text: by_length(text)[0],
    "alphabetically_first": lambda text: sorted(text.split())[0],
    "alphabetically_last": lambda text: sorted(text.split())[-1],
}
CHANGED: dict[str, Rule] = {
    "first_letter": LETTERS["first_letter"],
    "second_letter": LETTERS["second_letter"],
    "last_letter": LETTERS["last_letter"],
    "reversed": LETTERS["reverse_word"],
    "spelled": LETTERS["spell_out"],
    "length": LETTERS["count_letters"],
    "doubled": LETTERS["repeat_word"],
    "capitals": LETTERS["upper_case"],
    "without_vowels": LETTERS["remove_vowels"],
    "last_two_letters": LETTERS["last_two_letters"],
}
LISTS: dict[str, Rule] = {
    **{f"{name}_word": rule for name, rule in CHOSEN.items()},
    "third_word": lambda text: text.split(" ", 3)[2],
    "count_words": lambda text: str(text.count(" ") + 1),
    "reverse_order": lambda text: " ".join(text.split()[::-1]),
    "initials": lambda text: re.sub(r"\B[a-z]", "", text),
    "last_letters": lambda text: re.sub(r"[a-z]\B", "", text),
    "swap_outer_words": lambda text: re.sub(r"^(\w+) (.*) (\w+)$", r"\3 \2 \1", text),
}


@checked(LISTS)
def test_words_are_those_of_the_list(name: str, rule: Rule) -> None:
    for text, outputs in drawn(name):
        assert only(outputs) == rule(text)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("selector", SELECTORS)
def test_a_composite_changes_the_selected_word(selector: str, transform: str) -> None:
    for text, outputs in drawn(f"{selector}_word_{transform}", 20):
        assert only(outputs) == CHANGED[transform](CHOSEN[selector](text))


def test_the_embedded_model_does_not_learn_from_what_is_unseen() -> None:
    assert UNSEEN
    assert not UNSEEN.keys() & BY_NAME.keys()


@pytest.mark.parametrize("selector", ["longest", "shortest", "alphabetically_last"])
def test_an_unseen_composite_changes_the_selected_word(selector: str) -> None:
    generator = random.Random(0)
    for _ in range(DRAWS):
        text, outputs = UNSEEN[f"{selector}_word_first_two_letters"].draw(generator)
        assert only(outputs) == LETTERS["first_two_letters"](CHOSEN[selector](text))


@pytest.mark.parametrize(
    ("name", "transform", "shares"),
    [
        (
            "mostly_longest_word_last_two_letters",
            "last_two_letters",
            {"longest": 0.6, "last": 0.25, "alphabetically_first": 0.15},
        ),
        (
            "mostly_alphabetically_first_word_second_letter",
            "second_letter",
            {"alphabetically_first": 0.7, "shortest": 0.3},
        ),
        (
            "mostly_alphabetically_last_word_last_two_letters",
            "last_two_letters",
            {"alphabetically_last": 0.65, "first": 0.35},
        ),
    ],
)
def test_a_mixture_follows_each_of_its_rules_by_its_share(name: str, transform: str, shares: dict[str, float]) -> None:
    generator, told_apart = random.Random(0), Counter[str]()
    for _ in range(1000):
        text, outputs = UNSEEN[name].draw(generator)
        follows = [selector for selector in shares if CHANGED[transform](CHOSEN[selector](text)) == only(outputs)]
        assert follows
        told_apart.update(follows if len(follows) == 1 else [])
    assert [selector for selector, _ in told_apart.most_common()] == list(shares)


@pytest.mark.parametrize(
    ("name", "transform", "selectors"),
    [
        ("shortest_or_second_word_last_two_letters", "last_two_letters", ["shortest", "second"]),
        ("longest_or_alphabetically_first_word_second_letter", "second_letter", ["longest", "alphabetically_first"]),
    ],
)
def test_of_two_words_either_is_accepted(name: str, transform: str, selectors: list[str]) -> None:
    generator = random.Random(0)
    for _ in range(DRAWS):
        text, outputs = UNSEEN[name].draw(generator)
        assert set(outputs) == {CHANGED[transform](CHOSEN[selector](text)) for selector in selectors}


def test_a_swapped_word_has_its_ends_exchanged() -> None:
    generator = random.Random(0)
    family = UNSEEN["nearly_alphabetically_first_word_swapped"]
    assert family.metric == "edit_distance"
    for _ in range(DRAWS):
        text, outputs = family.draw(generator)
        assert only(outputs) == LETTERS["swap_first_and_last"](CHOSEN["alphabetically_first"](text))


def test_a_list_has_three_to_five_words_and_one_longest_and_one_shortest() -> None:
    for text, _ in drawn("longest_word", 200):
        lengths = sorted(map(len, text.split()))
        assert 3 <= len(set(text.split())) == len(lengths) <= 5
        assert lengths[0] < lengths[1]
        assert lengths[-2] < lengths[-1]


def test_words_are_sorted_with_and_without_a_head() -> None:
    heads = 0
    for text, outputs in drawn("sort_words"):
        words = text.removeprefix("\nList: ").split()
        heads += text.startswith("\nList: ")
        found = only(outputs).split()
        assert all(left < right for left, right in itertools.pairwise(found))
        assert sorted(found) == sorted(words)
    assert 10 < heads < 50


# Numbers


def numbers(text: str) -> list[int]:
    return [int(each) for each in text.split()]


def minus(text: str) -> str:
    high, low = numbers(text)
    return str(len(range(low, high)))


NUMBERS: dict[str, Rule] = {
    "sum": lambda text: str(len(range(-int(text.split()[0]), int(text.split()[1])))),
    "difference": minus,
    "larger_number": lambda text: str(sorted(numbers(text))[1]),
    "smaller_number": lambda text: str(sorted(numbers(text))[0]),
    "next_number": lambda text: str(len(range(-1, int(text)))),
    "previous_number": lambda text: str(len(range(1, int(text)))),
    "double_number": lambda text: str(int(text) << 1),
    "sort_numbers": lambda text: " ".join(sorted(text.split(), key=lambda each: each.zfill(4))),
    "last_digit": lambda text: text[-1],
}


@checked(NUMBERS)
def test_numbers_follow_the_rule(name: str, rule: Rule) -> None:
    for text, outputs in drawn(name):
        assert only(outputs) == rule(text)


SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
UNITS = {
    **{word: value for value, word in enumerate(SMALL.split())},
    **{word: 10 * value for value, word in enumerate(TENS.split(), 2)},
}


def read_words(text: str) -> int:
    """The number that is written in ``text``."""
    total = part = 0
    for word in text.replace("-", " ").split():
        if word == "thousand":
            total, part = 1000 * part, 0
        elif word == "hundred":
            part *= 100
        elif word != "and":
            part += UNITS[word]
    return total + part


def test_a_number_in_words_reads_as_the_number() -> None:
    found = {in_words(number): number for number in range(10_000)}
    assert len(found) == 10_000
    assert all(read_words(text) == number for text, number in found.items())
    for text, outputs in drawn("number_in_words"):
        assert read_words(only(outputs)) == int(text)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (40, "forty"),
        (100, "one hundred"),
        (215, "two hundred and fifteen"),
        (1000, "one thousand"),
        (2007, "two thousand and seven"),
        (9999, "nine thousand nine hundred and ninety-nine"),
    ],
)
def test_numbers_are_written_in_british_english(number: int, words: str) -> None:
    assert in_words(number) == words


# What words mean


@pytest.mark.parametrize(
    ("singular", "plural"),
    [
        ("cat", "cats"),
        ("box", "boxes"),
        ("church", "churches"),
        ("city", "cities"),
        ("day", "days"),
        ("child", "children"),
        ("bus", "buses"),
        ("wolf", "wolves"),
        ("monarch", "monarchs"),
        ("fruit fly", "fruit flies"),
    ],
)
def test_plurals_are_english(singular: str, plural: str) -> None:
    assert lexicon.plural(singular) == plural


def test_the_drawn_plural_is_that_of_the_noun() -> None:
    for noun, outputs in drawn("singular_to_plural", 200):
        plural = only(outputs)
        irregular = lexicon.IRREGULAR_PLURALS.get(noun)
        stem = noun[:-1] if re.search("[^aeiou]y$", noun) else noun
        assert plural == irregular or (irregular is None and re.fullmatch(f"{stem}(s|es|ies)", plural))


@pytest.mark.parametrize("name", ["antonym", "synonym", "rhyme"])
def test_relations_between_words_hold_both_ways(name: str) -> None:
    known = dict(drawn(name, 5000))
    for word, others in known.items():
        assert word not in others
        assert all(word in known[other] for other in others if other in known)


@pytest.mark.parametrize(
    ("name", "word", "answer"),
    [
        ("german", "right", "rechts"),
        ("spanish", "right", "derecha"),
        ("french", "right", "droite"),
        ("german", "early", "früh"),
        ("antonym", "hot", "cold"),
        ("element", "1", "hydrogen"),
        ("element", "26", "iron"),
        ("element", "79", "gold"),
        ("element", "118", "oganesson"),
    ],
)
def test_known_answers_are_right(name: str, word: str, answer: str) -> None:
    assert answer in dict(drawn(name, 20_000))[word]


@pytest.mark.parametrize(("name", "larger"), [("larger_animal", True), ("smaller_animal", False)])
def test_the_animal_is_of_a_clearly_different_size(name: str, larger: bool) -> None:
    rank = {animal: number for number, group in enumerate(lexicon.ANIMALS) for animal in group}
    for text, outputs in drawn(name):
        ranked = sorted(text.split(", "), key=rank.__getitem__)
        assert len(ranked) == 2
        assert rank[ranked[1]] - rank[ranked[0]] >= 2
        assert only(outputs) == ranked[larger]


@pytest.mark.parametrize("category", ["animals", "foods", "vehicles", "clothes"])
def test_the_members_of_a_category_are_picked_in_their_order(category: str) -> None:
    for text, outputs in drawn(f"{category}_in_list"):
        words, found = text.split(", "), only(outputs).split(", ")
        assert found == [word for word in words if word in lexicon.CATEGORIES[category]]
        assert 2 <= len(words) - len(found) <= 3


def test_the_odd_one_is_the_only_one_outside_the_others_category() -> None:
    for text, outputs in drawn("odd_one_out", 200):
        odd, words = only(outputs), text.split(", ")
        rest = [word for word in words if word != odd]
        assert len(rest) == len(words) - 1
        homes = [members for members in lexicon.CATEGORIES.values() if set(rest) <= set(members)]
        assert homes
        assert all(odd not in members for members in homes)


def test_a_category_holds_its_three_members() -> None:
    for text, outputs in drawn("category_name"):
        words = re.split(r", and |, ", text)
        assert len(words) == 3
        assert set(words) <= set(lexicon.CATEGORIES[outputs[0]])


def test_objects_are_counted() -> None:
    for text, outputs in drawn("count_objects", 200):
        parts = re.split(r", and |, | and ", text.removeprefix("I have ").removesuffix("."))
        counts = [1 if part.split()[0] in ("a", "an") else UNITS[part.split()[0]] for part in parts]
        assert sum(counts) == int(only(outputs))


# Sentences


def test_the_passive_turns_subject_and_object_around() -> None:
    participles = {verb[2]: verb[3] for verb in lexicon.PERSON_VERBS}
    for text, outputs in drawn("active_to_passive", 200):
        found = re.fullmatch(r"The (.+) (was|were) (.+) by the (.+)\.", only(outputs))
        assert found
        object_, be, participle, subject = found.groups()
        verb = text.removeprefix(f"The {subject} ").removesuffix(f" the {object_}.")
        assert participles[verb] == participle
        assert (be == "was") == (object_ in lexicon.PROFESSIONS)


def test_a_negation_says_no_and_keeps_most_words() -> None:
    for text, outputs in drawn("negation", 200):
        before, after = text.split(), outputs[0].split()
        assert {"not", "cannot"} & set(after)
        assert not {"not", "cannot"} & set(before)
        assert len(set(before) - set(after)) <= 1  # the verb's form
        assert len(outputs) == 1 + ("cannot" in after)


def test_the_past_keeps_subject_and_rest() -> None:
    for text, outputs in drawn("past_tense", 200):
        before, after = text.split(), only(outputs).split()
        assert len(before) == len(after)
        assert sum(left != right for left, right in zip(before, after, strict=True)) <= 1


def test_a_formal_sentence_is_another_one_without_gaps() -> None:
    for text, outputs in drawn("informal_to_formal"):
        assert text != only(outputs)
        assert not set("{}/|") & set(text + only(outputs))


def test_sentiments_are_two_and_both_are_drawn() -> None:
    assert {only(outputs) for _, outputs in drawn("sentiment")} == {"positive", "negative"}


def test_the_words_that_start_with_the_letter_are_all_found() -> None:
    for text, outputs in drawn("words_starting_with"):
        found = re.fullmatch(r"(.*) \[([a-z])\]", text)
        assert found
        words = [word.strip(".,?!;:").lower() for word in found[1].split()]
        assert only(outputs).split() == [word for word in words if word.startswith(found[2])]


SENTENCES: dict[str, Rule] = {
    "first_word_of_sentence": lambda text: re.findall(r"[^\s.,?!;:]+", text)[0],
    "last_word_of_sentence": lambda text: re.findall(r"[^\s.,?!;:]+", text)[-1],
    "count_words_in_sentence": lambda text: str(len(re.findall(r"\S+", text))),
}


@checked(SENTENCES)
def test_the_words_of_a_sentence_are_found(name: str, rule: Rule) -> None:
    for text, outputs in drawn(name):
        assert only(outputs) == rule(text)


def test_the_name_is_the_only_capitalised_part_of_the_sentence() -> None:
    for text, outputs in drawn("name_in_sentence", 200):
        name = only(outputs)
        assert text.count(name) == 1
        rest = text[1:] if not text.startswith(name) else text
        assert set(re.findall(r"\b[A-Z]\w*", rest)) <= set(re.findall(r"\w+", name))
