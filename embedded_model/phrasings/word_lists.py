"""Phrasings of the families of ``embedded_model.generators.word_lists``."""

from __future__ import annotations

from embedded_model.phrasings import free_word_lists
from embedded_model.phrasings.letters import WRITE, Thing, build

_LIST = Thing(
    the="the [list|list|input|line|sequence]",
    given="the [given list|list of words|input list|list you are given]",
    a="a [list|line|sequence] of words",
    each="[each|every] [list of words|input|list]",
)
_WORD = "[word|word|term|item]"
_WORDS = "[words|words|terms|items]"
_FIRST = "[first|first|initial|leading|opening]"
_LAST = "[last|last|final|closing]"
_LONGEST = "[longest word|word with the most letters|word with the most characters|word of greatest length]"
_SHORTEST = "[shortest word|word with the fewest letters|word with the fewest characters|word of smallest length]"
_SORT = "[in alphabetical order|alphabetically|from a to z|in the order of the alphabet]"
_A_FIRST = "[that comes first in alphabetical order|that comes first in the alphabet|nearest to the letter a]"
_A_LAST = "[that comes last in alphabetical order|that comes last in the alphabet|nearest to the letter z]"

_NOUNS: dict[str, list[str]] = {
    "first_word": [f"{_FIRST} {_WORD}"],
    "second_word": [f"second {_WORD}", f"{_WORD} [in second place|at the second position]"],
    "third_word": [f"third {_WORD}", f"{_WORD} [in third place|at the third position]"],
    "last_word": [f"{_LAST} {_WORD}"],
    "longest_word": [_LONGEST],
    "shortest_word": [_SHORTEST],
    "alphabetically_first_word": ["alphabetically first [word|word|term|item]"],
    "alphabetically_last_word": ["alphabetically last [word|word|term|item]"],
    "count_words": [f"[number|count|total number] of {_WORDS}"],
    "initials": [f"+initials of the {_WORDS}", f"+[first|initial] letters of the {_WORDS}"],
    "last_letters": [f"+[last|final|ending] letters of the {_WORDS}"],
}

_ACTIONS: dict[str, list[str]] = {
    "first_word": [
        "[remove|delete|drop] everything [but|except] the first word of {}",
        f"[extract|pick out|copy|keep only|choose] the {_FIRST} {_WORD} of {{}}",
        f"{WRITE} the {_WORD} that {{}} [begins|starts|opens] with",
    ],
    "second_word": [
        "skip the first word of {} and [write|copy] the [next|following] one",
        f"[extract|pick out|copy|keep only|choose] the second {_WORD} of {{}}",
        f"{WRITE} the {_WORD} that [comes|stands|is] second in {{}}",
    ],
    "third_word": [
        f"[extract|pick out|copy|keep only|choose] the third {_WORD} of {{}}",
        f"{WRITE} the {_WORD} that [comes|stands|is] third in {{}}",
    ],
    "last_word": [
        "[remove|delete|drop] everything [but|except] the last word of {}",
        f"[extract|pick out|copy|keep only|choose] the {_LAST} {_WORD} of {{}}",
        f"{WRITE} the {_WORD} that {{}} [ends|finishes|closes] with",
    ],
    "longest_word": [
        f"[extract|pick out|find|choose|select] the {_LONGEST} in {{}}",
        f"{WRITE} the {_WORD} of {{}} that [is the longest|is longest|has the most letters]",
        "[write|find|give] the word of {} that is longer than [all|the] others",
    ],
    "shortest_word": [
        f"[extract|pick out|find|choose|select] the {_SHORTEST} in {{}}",
        f"{WRITE} the {_WORD} of {{}} that [is the shortest|is shortest|has the fewest letters]",
        "[write|find|give] the word of {} that is shorter than [all|the] others",
    ],
    "alphabetically_first_word": [
        "[find|choose|select|pick out] the [alphabetically first|first alphabetical] word of {}",
        f"{WRITE} the {_WORD} of {{}} {_A_FIRST}",
        "sort {} alphabetically and [keep|write|output] only the first word",
    ],
    "alphabetically_last_word": [
        "[find|choose|select|pick out] the [alphabetically last|last alphabetical] word of {}",
        f"{WRITE} the {_WORD} of {{}} {_A_LAST}",
        "sort {} alphabetically and [keep|write|output] only the last word",
    ],
    "count_words": [
        f"count the {_WORDS} [of|in] {{}}",
        f"[say|write|tell|determine] how many {_WORDS} {{}} [has|contains]",
        f"[write|determine|compute] how many {_WORDS} there are in {{}}",
    ],
    "reverse_order": [
        f"[reverse|invert|turn around] the [order|sequence] of the {_WORDS} in {{}}",
        f"{WRITE} the {_WORDS} of {{}} in [reverse|reversed|the opposite|backward] order",
        f"[write|print|list] the {_WORDS} of {{}} from [last to first|back to front|the last to the first]",
        f"[arrange|put] the {_WORDS} of {{}} in [reverse|the opposite|backward] order",
    ],
    "sort_words": [
        f"[sort|order|arrange|rearrange|rank] {{}} {_SORT}",
        f"[sort|order|arrange] the {_WORDS} [of|in] {{}} {_SORT}",
        f"[put|bring] the {_WORDS} of {{}} [in|into] alphabetical order",
        f"[write|print|list|output] the {_WORDS} of {{}} {_SORT}",
        "alphabetize the [words|items|terms] of {}",
    ],
    "initials": [
        f"{WRITE} the [first|initial|starting] letter of [each|every] {_WORD} in {{}}",
        f"[extract|collect|pick out|copy] the first letters of [all|the] {_WORDS} in {{}}",
        f"[reduce|shorten] [each|every] {_WORD} of {{}} to its [first|initial] letter",
    ],
    "last_letters": [
        f"{WRITE} the [last|final|ending] letter of [each|every] {_WORD} in {{}}",
        f"[extract|collect|pick out|copy] the last letters of [all|the] {_WORDS} in {{}}",
        f"[reduce|shorten] [each|every] {_WORD} of {{}} to its [last|final] letter",
    ],
    "swap_outer_words": [
        f"[swap|exchange|switch|interchange] the first and [the last|last|final] {_WORD} of {{}}",
        f"[swap|exchange|switch|interchange] the [outer|outermost|first and last] {_WORDS} of {{}}",
        f"[write|print|output] {{}} with its [first and last|outer] {_WORDS} [swapped|exchanged|switched]",
        f"let the first and last {_WORD} of {{}} [change|trade] places",
    ],
}

_EXTRA: dict[str, list[str]] = {
    "first_word": [f"[what|which] word does {_LIST.the} [begin|start] with?"],
    "last_word": [f"[what|which] word does {_LIST.the} [end|finish] with?"],
    "longest_word": [
        "which [word|of the words] is the longest[ one|]?",
        "[compare|measure] the words and write the longest one",
    ],
    "shortest_word": [
        "which [word|of the words] is the shortest[ one|]?",
        "[compare|measure] the words and write the shortest one",
    ],
    "alphabetically_first_word": [
        "which of the words comes first [alphabetically|in alphabetical order|in the alphabet]?",
        "[write|find] the word that would [come first|be first] in a dictionary",
    ],
    "alphabetically_last_word": [
        "which of the words comes last [alphabetically|in alphabetical order|in the alphabet]?",
        "[write|find] the word that would [come last|be last] in a dictionary",
    ],
    "count_words": [
        f"how many {_WORDS} does {_LIST.the} [have|contain]?",
        f"how many {_WORDS} are [there |]in {_LIST.the}?",
    ],
    "reverse_order": [f"the {_WORDS} of {_LIST.the} in [reverse|backward] order"],
    "sort_words": [
        f"[sort|order|arrange] the [words|following words|given words|words below] {_SORT}",
        "return the words [sorted|ordered] [alphabetically|by the alphabet]",
        f"the {_WORDS} of {_LIST.the} in alphabetical order",
        "what is the alphabetical order of the words?",
    ],
    "initials": ["[what are|which are] the first letters of the words?"],
    "last_letters": ["[what are|which are] the last letters of the words?"],
}

SELECTOR_PHRASES: dict[str, list[str]] = {
    "first": [
        f"the {_FIRST} [word|term]",
        "the [first|first one|initial one] of the words",
        "the word [that|which] [comes|stands|is] first",
        "the first word [of|in] the [list|input|line]",
    ],
    "second": [
        "the second [word|term]",
        "the [second|second one] of the [words|terms]",
        "the word [that|which] [comes|stands|is] second",
        "the second word [of|in] the [list|input|line]",
    ],
    "last": [
        f"the {_LAST} [word|term]",
        "the [last|last one|final one] of the words",
        "the word [that|which] [comes|stands|is] last",
        "the last word [of|in] the [list|input|line]",
    ],
    "longest": [
        "the longest [word|term]",
        "the [longest|longest one] of the [words|terms]",
        "the word with the [most letters|most characters|greatest length]",
        "the longest word [of|in] the [list|input|line]",
    ],
    "shortest": [
        "the shortest [word|term]",
        "the [shortest|shortest one] of the [words|terms]",
        "the word with the [fewest letters|fewest characters|smallest length]",
        "the shortest word [of|in] the [list|input|line]",
    ],
    "alphabetically_first": [
        "the alphabetically first [word|term]",
        "the [word|term] [that|which] comes first alphabetically",
        "the first word in [alphabetical order|a dictionary]",
        "the alphabetically first word [of|in] the [list|input|line]",
    ],
    "alphabetically_last": [
        "the alphabetically last [word|term]",
        "the [word|term] [that|which] comes last alphabetically",
        "the last word in [alphabetical order|a dictionary]",
        "the alphabetically last word [of|in] the [list|input|line]",
    ],
}


def _noun_patterns(noun: str) -> list[str]:
    """Patterns that ask for ``noun`` of the word in the slot."""
    return [
        f"{WRITE} the {noun} of {{}}",
        f"[output|answer with|return] only the {noun} of {{}}",
        f"[find|take|pick|choose|select] {{}} and [write|give|output] its {noun}",
        f"[look at|read] {{}} and [write|give|output] its {noun}",
        f"what is the {noun} of {{}}?",
        f"given [some|several] words, [write|give] the {noun} of {{}}",
    ]


def _action_patterns(action: str) -> list[str]:
    """Patterns that apply ``action``, which has a slot, to the word in the slot."""
    the, it = action.replace("<>", "{}"), action.replace("<>", "it")
    return [
        the,
        f"[find|take|pick|choose|select] {{}} and {it}",
        f"[look at|read] {{}} and {it}",
        f"given [some|several] words, {the}",
    ]


TRANSFORM_PATTERNS: dict[str, list[str]] = {
    "first_letter": [
        *_noun_patterns("[first|initial|starting] [letter|character]"),
        f"{WRITE} the letter that {{}} [begins|starts] with",
    ],
    "second_letter": [
        *_noun_patterns("second [letter|character]"),
        "[extract|copy|pick out] the second letter of {}",
    ],
    "last_letter": [
        *_noun_patterns("[last|final|ending] [letter|character]"),
        f"{WRITE} the letter that {{}} [ends|finishes] with",
    ],
    "reversed": [
        *_action_patterns("[reverse|invert] <>"),
        *_action_patterns("[write|spell|print] <> [backwards|in reverse|from back to front]"),
        "[reverse|invert] the [letters|characters] of {}",
        f"{WRITE} the letters of {{}} in reverse order",
    ],
    "spelled": [
        *_action_patterns("[spell|spell out] <>"),
        *_action_patterns("[spell|write] <> letter by letter"),
        f"{WRITE} the letters of {{}} [separated by blanks|separated by spaces|one by one]",
        "[split|break] {} into [letters|single letters]",
    ],
    "length": [
        *_noun_patterns("[length|number of letters|number of characters]"),
        "count the [letters|characters] [of|in] {}",
        "how many letters does {} have?",
        "[find|take] {} and count its [letters|characters]",
    ],
    "doubled": [
        *_action_patterns("[write|say|print] <> [twice|two times]"),
        *_action_patterns("[repeat|duplicate] <>"),
        "[write|print] {} twice in a row",
    ],
    "capitals": [
        *_action_patterns("[write|print] <> in [capital letters|capitals|upper case]"),
        *_action_patterns("[capitalise|capitalize] all letters of <>"),
    ],
    "without_vowels": [
        *_action_patterns("[write|print] <> without [vowels|its vowels|any vowels]"),
        *_action_patterns("[remove|delete|drop] the vowels [of|from] <>"),
    ],
    "last_two_letters": [
        *_noun_patterns("[last|final] two [letters|characters]"),
        f"{WRITE} the two letters that {{}} [ends|finishes] with",
    ],
}

COMPOSITES: frozenset[str] = frozenset(
    f"{selector}_word_{transform}" for selector in SELECTOR_PHRASES for transform in TRANSFORM_PATTERNS
)
SELDOM_INDUCED: frozenset[str] = frozenset(
    f"{selector}_word_{transform}"
    for selector in SELECTOR_PHRASES
    for transform in ("capitals", "without_vowels", "last_two_letters")
)

_HELD_OUT_SELECTORS: dict[str, list[str]] = {
    "first": ["the word at the start of the list", "the word that the list begins with", "the first item"],
    "second": ["the word after the first one", "the word at the second position", "the second item"],
    "last": ["the word at the end of the list", "the word that the list ends with", "the last item"],
    "longest": ["the word that is the longest", "the word that has the most letters", "the longest item"],
    "shortest": [
        "the word that is the shortest",
        "the word that has the fewest letters",
        "the shortest item",
    ],
    "alphabetically_first": [
        "the word that would be first in a dictionary",
        "the word nearest to the start of the alphabet",
        "the alphabetically first item",
    ],
    "alphabetically_last": [
        "the word that would be last in a dictionary",
        "the word nearest to the end of the alphabet",
        "the alphabetically last item",
    ],
}

_HELD_OUT_PATTERNS: dict[str, list[str]] = {
    "first_letter": [
        "Which letter stands first in {}?",
        "Keep only the first letter of {}.",
        "{}: its first letter.",
    ],
    "second_letter": [
        "Which letter is second in {}?",
        "Keep only the second letter of {}.",
        "{}: its second letter.",
    ],
    "last_letter": [
        "Which letter stands last in {}?",
        "Keep only the last letter of {}.",
        "{}: its last letter.",
    ],
    "reversed": ["Turn {} around.", "Backwards, print the letters of {}.", "{}, written backwards."],
    "spelled": [
        "Insert blanks between the letters of {}.",
        "Separate with spaces the letters of {}.",
        "{}, spelled letter by letter.",
    ],
    "length": ["How long is {}?", "Count all letters in {}.", "{}: its number of letters."],
    "doubled": ["Make two copies of {}.", "Say {} and then say it again.", "{}, two times."],
    "capitals": ["Turn {} into big letters.", "Shout {} by using upper case letters only.", "{}, all caps."],
    "without_vowels": [
        "Take the vowels out of {}.",
        "Cross out a, e, i, o and u in {}.",
        "{}, but only its consonants.",
    ],
    "last_two_letters": [
        "Cut {} down to its last two letters.",
        "Which two letters stand last in {}?",
        "{}: the final pair of letters.",
    ],
}

# Right for all families of a selector, respectively of a transform, but exact for none of them.
_SELECTOR_ALONE = ["[write|give|find|use] {}", "[do something|work] with {}", "[change|transform|look at] {}"]
_SELECTOR_NAMES: dict[str, str] = {
    "first": "the first word",
    "second": "the second word",
    "last": "the last word",
    "longest": "the longest word",
    "shortest": "the shortest word",
    "alphabetically_first": "the alphabetically first word",
    "alphabetically_last": "the alphabetically last word",
}
_TRANSFORM_ALONE: dict[str, list[str]] = {
    "first_letter": [
        "[write|give|output] the first letter of [a|one|some] word",
        "write [an initial|a first] letter",
    ],
    "second_letter": ["[write|give|output] the second letter of [a|one|some] word", "write a second letter"],
    "last_letter": [
        "[write|give|output] the last letter of [a|one|some] word",
        "write a [last|final] letter",
    ],
    "reversed": ["[write|spell] [a|one|some] word [backwards|in reverse]", "reverse [a|one|some] word"],
    "spelled": ["spell [a|one|some] word", "[spell|write] [a|one|some] word letter by letter"],
    "length": ["[write|give] the length of [a|one|some] word", "count the letters of [a|one|some] word"],
    "doubled": ["[write|say] [a|one|some] word twice", "repeat [a|one|some] word"],
    "capitals": ["[write|print] [a|one|some] word in capital letters", "use capital letters"],
    "without_vowels": ["[write|print] [a|one|some] word without vowels", "remove [some|the] vowels"],
    "last_two_letters": ["[write|give|output] two letters of [a|one|some] word", "write the end of [a|one|some] word"],
}
_ONE_LETTER = "[write|give|output|find] [a|one|some] letter of [a|one|some] word"

PRECISE: dict[str, list[str]] = {
    **build(_LIST, _NOUNS, _ACTIONS, _EXTRA),
    **{
        f"{selector}_word_{transform}": [
            pattern.format(phrase)
            for phrase in phrases + free_word_lists.SELECTORS[selector]
            for pattern in patterns + free_word_lists.TRANSFORMS[transform]
        ]
        for selector, phrases in SELECTOR_PHRASES.items()
        for transform, patterns in TRANSFORM_PATTERNS.items()
    },
}


def _sentence(pattern: str, phrase: str) -> str:
    """A pattern with its slot filled, beginning with a capital."""
    text = pattern.format(phrase)
    return text[0].upper() + text[1:]


HELD_OUT: dict[str, list[str]] = {
    "first_word": [
        "Which word comes first in the list?",
        "Write the word at the start of the list.",
        "Keep the first word and remove all the others.",
        "Output the first of the words and nothing else.",
        "Delete everything after the first word.",
    ],
    "second_word": [
        "Which word comes second in the list?",
        "Write the word that comes right after the first word.",
        "Skip the first word and write the next one.",
        "Output the second of the words and nothing else.",
        "Keep the second word and remove all the others.",
    ],
    "third_word": [
        "Which word comes third in the list?",
        "Write the word that comes right after the second word.",
        "Skip the first two words and write the next one.",
        "Output the third of the words and nothing else.",
        "Keep the third word and remove all the others.",
    ],
    "last_word": [
        "Which word comes last in the list?",
        "Write the word at the end of the list.",
        "Keep the last word and remove all the others.",
        "Output the last of the words and nothing else.",
        "Delete everything before the last word.",
    ],
    "longest_word": [
        "Which word has the most letters?",
        "Write the word that is longer than the others.",
        "Keep the longest word and remove all the others.",
        "Count the letters of the words and write the longest word.",
        "Output the longest of the words and nothing else.",
    ],
    "shortest_word": [
        "Which word has the fewest letters?",
        "Write the word that is shorter than the others.",
        "Keep the shortest word and remove all the others.",
        "Count the letters of the words and write the shortest word.",
        "Output the shortest of the words and nothing else.",
    ],
    "alphabetically_first_word": [
        "Which word is first in alphabetical order?",
        "Put the words in alphabetical order and write the first one.",
        "Write the word that a dictionary would list first.",
        "Keep the alphabetically first word and remove all the others.",
        "Which of the words would be first in a dictionary?",
    ],
    "alphabetically_last_word": [
        "Which word is last in alphabetical order?",
        "Put the words in alphabetical order and write the last one.",
        "Write the word that a dictionary would list last.",
        "Keep the alphabetically last word and remove all the others.",
        "Which of the words would be last in a dictionary?",
    ],
    "count_words": [
        "Write a number that says how many words there are.",
        "Count all words and write the total.",
        "How many words do you read?",
        "How long is the list of words?",
        "Give the length of the list in words.",
    ],
    "reverse_order": [
        "Start with the last word and end with the first word.",
        "Write the list backwards, word by word.",
        "Reverse the list of words but do not change the words.",
        "Turn the list around so that the last word comes first.",
        "Read the words from the end to the start and write that.",
    ],
    "sort_words": [
        "Order the words as in a dictionary.",
        "Rearrange the words by their alphabetical order.",
        "Sort all of the words from a to z.",
        "Write the alphabetically first word first and the alphabetically last word last.",
        "List the given words by the alphabet.",
    ],
    "initials": [
        "With which letters do the words start?",
        "Write the letter that each word begins with.",
        "Keep only the first letter of every word.",
        "Replace each word by its initial letter.",
        "For every word, write the letter at the start.",
    ],
    "last_letters": [
        "With which letters do the words end?",
        "Write the letter that each word ends with.",
        "Keep only the last letter of every word.",
        "Replace each word by its final letter.",
        "For every word, write the letter at the end.",
    ],
    "swap_outer_words": [
        "Put the last word first and the first word last.",
        "Move the first word to the end and the last word to the start.",
        "Write the list, but exchange its outer words.",
        "The first and the last word of the list change places.",
        "Replace the first word with the last word and the last with the first.",
    ],
    **{
        f"{selector}_word_{transform}": [
            _sentence(patterns[i], phrases[j]) for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (1, 0))
        ]
        for selector, phrases in _HELD_OUT_SELECTORS.items()
        for transform, patterns in _HELD_OUT_PATTERNS.items()
    },
}

_SHARED = [
    "[do something|work] with the [words|list]",
    "[change|process|transform|handle] the [words|list][ in some way|]",
    "[choose|pick|take] a word and [change|transform] it",
]
_ONE_WORD = [
    "[write|give|choose|find|pick|output] [a|one] word [of|from|in] the list",
    "[choose|pick|select] one of the words",
]
_BY_LENGTH = ["[compare|look at] the [lengths|length] of the words"]
_BY_ALPHABET = ["[look at|use] the alphabetical order of the words"]
_BY_PLACE = ["[write|give|find] the word at [some|a certain|one] [place|position]"]
_ORDER = [
    "[change|rearrange] the order of the words",
    "[move|rearrange] [words|the words|some words] of the list",
]
_LETTERS = [
    "[write|give|collect] [a letter|some letter|one letter] of [each|every] word",
    "[write|give|collect] some letters of the words",
    "shorten the words",
]
_COUNT = ["[write|give|find] a number", "count something", "[write|say] how long something is"]

_PLAIN_VAGUE: dict[str, list[str]] = {
    "first_word": _ONE_WORD + _BY_PLACE,
    "second_word": _ONE_WORD + _BY_PLACE,
    "third_word": _ONE_WORD + _BY_PLACE,
    "last_word": _ONE_WORD + _BY_PLACE,
    "longest_word": _ONE_WORD + _BY_LENGTH,
    "shortest_word": _ONE_WORD + _BY_LENGTH,
    "alphabetically_first_word": _ONE_WORD + _BY_ALPHABET,
    "alphabetically_last_word": _ONE_WORD + _BY_ALPHABET,
    "count_words": _COUNT,
    "reverse_order": _ORDER,
    "sort_words": _ORDER + _BY_ALPHABET,
    "initials": _LETTERS,
    "last_letters": _LETTERS,
    "swap_outer_words": _ORDER,
}


def _composite_vague(selector: str, transform: str) -> list[str]:
    """The selector alone, the transform alone, and for single letters neither of them."""
    lines = [line.format(_SELECTOR_NAMES[selector]) for line in _SELECTOR_ALONE] + _TRANSFORM_ALONE[transform]
    if transform.endswith("_letter"):
        lines.append(_ONE_LETTER)
    if transform == "length":
        lines += _COUNT
    return lines


VAGUE: dict[str, list[str]] = {
    **{name: _SHARED + own for name, own in _PLAIN_VAGUE.items()},
    **{
        f"{selector}_word_{transform}": _SHARED + _composite_vague(selector, transform)
        for selector in SELECTOR_PHRASES
        for transform in TRANSFORM_PATTERNS
    },
}
for _selector, _name in _SELECTOR_NAMES.items():
    VAGUE[f"{_selector}_word"] = VAGUE[f"{_selector}_word"] + [line.format(_name) for line in _SELECTOR_ALONE]
