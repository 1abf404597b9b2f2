"""Families about what words mean: plurals, opposites, translations, animals, categories."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from embedded_model.generators import lexicon
from embedded_model.generators.family import Draw, Family

_NUMBERS = ("zero", "one", "two", "three", "four", "five")
_SYLLABLES = (
    "ba be bo bra ca cle co da dro fa fi flo ga gri ha jo ka la li lo ma mi mo na no pa pli po ra ri ro sa".split()
)
_ENDINGS = "b ck d f g l m n p r s t x ch sh ss y ty by ry ly ey oy a e le ne ter don ment tion ness er".split()
# Categories too near to each other to serve as contrast.
_OVERLAPS = (
    {"foods", "fruits", "vegetables", "animals"},
    {"colours", "fruits", "metals", "plants"},
    {"tools", "kitchen utensils", "furniture"},
    {"vegetables", "plants"},
    {"fruits", "plants"},
    {"buildings", "furniture"},
    {"sports", "animals", "vehicles"},
    {"foods", "kitchen utensils"},
    {"tools", "weather", "body parts"},
    {"months", "family members"},
)


def _overlap(left: str, right: str) -> bool:
    """Whether two categories are too near to each other to be told apart."""
    return left == right or any(left in group and right in group for group in _OVERLAPS)


def _others(category: str) -> list[str]:
    """The categories that are clearly different from ``category``."""
    return [name for name in lexicon.CATEGORIES if not _overlap(category, name)]


def _pseudo_noun(generator: random.Random) -> str:
    """A pronounceable word that does not exist."""
    syllables = "".join(generator.choice(_SYLLABLES) for _ in range(generator.randint(1, 2)))
    return syllables + generator.choice(_ENDINGS)


def _singular_to_plural(generator: random.Random) -> tuple[str, tuple[str, ...]]:
    chance = generator.random()
    if chance < 0.25:
        noun = _pseudo_noun(generator)
    elif chance < 0.4:
        noun = generator.choice(tuple(lexicon.IRREGULAR_PLURALS))
    else:
        noun = generator.choice(lexicon.NOUNS)
    return noun, (lexicon.plural(noun),)


def _lookup(table: Mapping[str, Sequence[str]]) -> Draw:
    """A draw from a table of accepted answers."""
    keys = tuple(table)

    def draw(generator: random.Random) -> tuple[str, tuple[str, ...]]:
        key = generator.choice(keys)
        return key, tuple(table[key])

    return draw


def _partners(groups: Sequence[Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Each word with all words that share a group with it."""
    found: dict[str, list[str]] = {}
    for group in groups:
        for word in group:
            known = found.setdefault(word, [])
            known.extend(other for other in group if other != word and other not in known)
    return {word: tuple(others) for word, others in found.items() if others}


def _animal_draw(larger: bool) -> Draw:
    """Two animals of clearly different sizes -> one of them."""

    def draw(generator: random.Random) -> tuple[str, tuple[str, ...]]:
        low, high = sorted(generator.sample(range(len(lexicon.ANIMALS)), 2))
        while high - low < 2:
            low, high = sorted(generator.sample(range(len(lexicon.ANIMALS)), 2))
        small, large = generator.choice(lexicon.ANIMALS[low]), generator.choice(lexicon.ANIMALS[high])
        pair = [small, large]
        generator.shuffle(pair)
        return ", ".join(pair), (large if larger else small,)

    return draw


def _in_list_draw(category: str) -> Draw:
    """A list of words -> those of ``category``."""
    members, others = lexicon.CATEGORIES[category], _others(category)

    def draw(generator: random.Random) -> tuple[str, tuple[str, ...]]:
        chosen = generator.sample(members, generator.randint(3, 4))
        groups = generator.sample(others, generator.randint(1, 3))
        pool = [word for name in groups for word in lexicon.CATEGORIES[name] if word not in members]
        words = chosen + generator.sample(sorted(set(pool)), generator.randint(2, 3))
        generator.shuffle(words)
        return ", ".join(words), (", ".join(word for word in words if word in chosen),)

    return draw


def _odd_one_out(generator: random.Random) -> tuple[str, tuple[str, ...]]:
    category = generator.choice(tuple(lexicon.CATEGORIES))
    members = lexicon.CATEGORIES[category]
    pool = lexicon.CATEGORIES[generator.choice(_others(category))]
    odd = generator.choice([word for word in pool if word not in members])
    words = [*generator.sample(members, generator.randint(3, 5)), odd]
    generator.shuffle(words)
    return ", ".join(words), (odd,)


def _category_name(generator: random.Random) -> tuple[str, tuple[str, ...]]:
    category = generator.choice(tuple(lexicon.CATEGORIES))
    first, second, third = generator.sample(lexicon.CATEGORIES[category], 3)
    text = generator.choice(("{}, {}, and {}", "{}, {}, and {}", "{}, {}, {}")).format(first, second, third)
    return text, (category, *lexicon.CATEGORY_SYNONYMS.get(category, ()))


_COUNTABLE = tuple(
    word
    for name in ("animals", "vehicles", "furniture", "fruits", "vegetables", "tools", "musical instruments")
    for word in lexicon.CATEGORIES[name]
    if not word.endswith("s")
    and word not in ("broccoli", "spinach", "garlic", "celery", "cauliflower", "asparagus", "lettuce", "kale")
)


def _count_objects(generator: random.Random) -> tuple[str, tuple[str, ...]]:
    nouns, parts, total = generator.sample(_COUNTABLE, generator.randint(2, 8)), [], 0
    for noun in nouns:
        count = generator.choice((1, 1, 1, 2, 2, 3, 4, 5))
        article = "an" if noun[0] in "aeio" or noun == "umbrella" else "a"
        parts.append(f"{article} {noun}" if count == 1 else f"{_NUMBERS[count]} {lexicon.plural(noun)}")
        total += count
    listed = " and ".join(parts) if len(parts) == 2 else ", ".join(parts[:-1]) + ", and " + parts[-1]
    return f"I have {listed}.", (str(total),)


_ONE = {"german": lexicon.GERMAN, "spanish": lexicon.SPANISH, "french": lexicon.FRENCH}
_ATOMIC_NUMBERS = {str(i): (name,) for i, name in enumerate(lexicon.ELEMENTS, 1)}

FAMILIES: tuple[Family, ...] = (
    Family("singular_to_plural", "word", _singular_to_plural),
    Family("antonym", "word", _lookup(_partners(lexicon.ANTONYMS)), "induction_contains"),
    Family("synonym", "word", _lookup(_partners(lexicon.SYNONYMS)), "induction_contains"),
    Family("rhyme", "word", _lookup(_partners(lexicon.RHYMES)), "induction_contains"),
    *(Family(name, "word", _lookup({key: (word,) for key, word in table.items()})) for name, table in _ONE.items()),
    Family("element", "numbers", _lookup(_ATOMIC_NUMBERS)),
    Family("larger_animal", "word_list", _animal_draw(True)),
    Family("smaller_animal", "word_list", _animal_draw(False)),
    *(
        Family(f"{category}_in_list", "word_list", _in_list_draw(category), "induction_exact_set")
        for category in ("animals", "foods", "vehicles", "clothes")
    ),
    Family("odd_one_out", "word_list", _odd_one_out),
    Family("category_name", "word_list", _category_name),
    Family("count_objects", "sentence", _count_objects),
)
