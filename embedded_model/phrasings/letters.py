"""Phrasings of the families of ``embedded_model.generators.letters``, and the frames that the other kinds share."""

from __future__ import annotations

from dataclasses import dataclass

WRITE = "[write|give|output|print|state|provide|return]"


@dataclass(frozen=True)
class Thing:
    """What a kind of input is called in a phrasing.

    Args:
        the: "the word", with synonyms.
        given: "the given word", with synonyms.
        a: "a word", with synonyms.
        each: "each word", with synonyms.
        it: the pronoun.
        its: the possessive pronoun.
        owner: "the word's", with synonyms; empty if it would be awkward.
    """

    the: str
    given: str
    a: str
    each: str
    it: str = "it"
    its: str = "its"
    owner: str = ""


WORD = Thing(
    the="the [word|word|term|input|string]",
    given="the [given word|given term|input word|word you are given]",
    a="a [word|term|string]",
    each="[each|every] [word|input|term]",
    owner="the [word's|term's|input's]",
)


def action_templates(action: str, thing: Thing) -> list[str]:
    """Templates around an imperative with a slot for the thing, such as ``reverse {}``."""
    the, given, it = action.format(thing.the), action.format(thing.given), action.format(thing.it)
    return [
        the,
        given,
        f"[simply|just|always] {the}",
        f"take {thing.the} and {it}",
        f"[read|look at] {thing.the} and {it}",
        f"given {thing.a}, {it}",
        f"for {thing.each}, {it}",
        f"your [task|job] is to {the}",
        f"{the}, [nothing else|nothing more]",
    ]


def noun_templates(noun: str, thing: Thing, be: str = "is") -> list[str]:
    """Templates around what is asked for, such as ``first letter``; it belongs to the thing."""
    owned = [f"{WRITE} {thing.owner} {noun}"] if thing.owner else []
    return [
        *owned,
        f"{WRITE} the {noun} of {thing.the} and nothing else",
        f"{WRITE} the {noun} of {thing.the}",
        f"[output|write|return|answer with] [only|just] the {noun} of {thing.the}",
        f"[return|find|identify] the {noun} of {thing.given}",
        f"[read|look at|take] {thing.the} and [write|give|output] {thing.its} {noun}",
        f"[respond|reply|answer] with the {noun} of {thing.the}",
        f"what {be} the {noun} of {thing.the}?",
        f"the {noun} of {thing.given}",
        f"[given|for] {thing.a}, [write|give|output|return] {thing.its} {noun}",
    ]


def build(
    thing: Thing, nouns: dict[str, list[str]], actions: dict[str, list[str]], extra: dict[str, list[str]]
) -> dict[str, list[str]]:
    """The templates of every family, from its nouns (a ``+`` in front marks a plural), actions and extras."""
    templates: dict[str, list[str]] = {}
    for name in dict.fromkeys([*nouns, *actions, *extra]):
        lines: list[str] = []
        for noun in nouns.get(name, []):
            lines += noun_templates(noun.removeprefix("+"), thing, "are" if noun.startswith("+") else "is")
        for action in actions.get(name, []):
            lines += action_templates(action, thing)
        templates[name] = lines + extra.get(name, [])
    return templates


_FIRST = "[first|first|initial|starting|leading|opening]"
_LAST = "[last|last|final|ending|closing]"
_LETTER = "[letter|letter|character]"
_LETTERS = "[letters|letters|characters]"

_NOUNS: dict[str, list[str]] = {
    "first_letter": [f"{_FIRST} {_LETTER}"],
    "second_letter": [
        f"second {_LETTER}",
        f"{_LETTER} in [second place|the second place|the second position]",
    ],
    "third_letter": [f"third {_LETTER}", f"{_LETTER} in [third place|the third place|the third position]"],
    "last_letter": [f"{_LAST} {_LETTER}"],
    "count_letters": [
        f"[number|count|total number] of {_LETTERS}",
        "length",
    ],
    "keep_vowels": ["+vowels"],
    "remove_vowels": ["+consonants"],
    "first_two_letters": [f"+{_FIRST} two {_LETTERS}"],
    "last_two_letters": [f"+{_LAST} two {_LETTERS}"],
    "first_and_last_letter": [
        f"+[first|initial|starting] and [last|final|ending] {_LETTERS}",
        f"+[first|initial] {_LETTER} and the [last|final] {_LETTER}",
    ],
}

_ACTIONS: dict[str, list[str]] = {
    "first_letter": [
        "[remove|delete|drop] everything [but|except] the first letter of {}",
        f"[keep|copy] the first {_LETTER} of {{}} and [drop|skip|ignore] the [rest|others]",
        f"[extract|pick out|copy|keep only] the {_FIRST} {_LETTER} of {{}}",
        f"{WRITE} the {_LETTER} that {{}} [begins|starts|opens] with",
    ],
    "second_letter": [
        "skip the first letter of {} and [write|copy] the [next|following] one",
        f"[extract|pick out|copy|keep only] the second {_LETTER} of {{}}",
        f"{WRITE} the {_LETTER} that [comes|stands|is] second in {{}}",
    ],
    "third_letter": [
        f"[extract|pick out|copy|keep only] the third {_LETTER} of {{}}",
        f"{WRITE} the {_LETTER} that [comes|stands|is] third in {{}}",
    ],
    "last_letter": [
        "[remove|delete|drop] everything [but|except] the last letter of {}",
        f"[extract|pick out|copy|keep only] the {_LAST} {_LETTER} of {{}}",
        f"{WRITE} the {_LETTER} that {{}} [ends|finishes|closes] with",
    ],
    "spell_out": [
        "[write|print] {} as [a sequence of|single|separate] letters",
        "[spell|spell out] {}",
        f"{WRITE} the {_LETTERS} of {{}} [separated by blanks|separated by spaces|one by one]",
        f"[put|insert|add] a [space|blank] between [the|all] {_LETTERS} of {{}}",
        f"[break|split|separate] {{}} into [its|single|separate|individual] {_LETTERS}",
        "[spell|write] {} letter by letter",
    ],
    "reverse_word": [
        "[reverse|invert] {}",
        "[write|spell|print] {} [backwards|in reverse|from back to front|from right to left]",
        f"[reverse|invert|turn around] the [order|sequence] of the {_LETTERS} in {{}}",
        f"{WRITE} the {_LETTERS} of {{}} in [reverse|reversed|the opposite|backward] order",
    ],
    "upper_case": [
        f"replace [the|all] {_LETTERS} of {{}} [by|with] capital letters",
        "[write|print|output|put] {} in [capital letters|capitals|upper case|uppercase letters]",
        f"[capitalize|make capital] [every|each] {_LETTER} of {{}}",
        "[convert|change|turn] {} [to|into] [capital letters|capitals|upper case|uppercase]",
        f"[make|turn] all {_LETTERS} of {{}} into [capital letters|capitals|upper case]",
    ],
    "count_letters": [
        f"count the {_LETTERS} [of|in] {{}}",
        f"[say|write|tell|determine] how many {_LETTERS} {{}} [has|contains]",
        "[say|tell|determine|write] how long {} is",
        "[write|give] a number that says how long {} is",
    ],
    "keep_vowels": [
        "[remove|delete|drop|skip] [every|each|any] consonant [of|in] {}",
        "[keep|copy|leave] [only|just] the vowels of {}",
        "[remove|delete|drop|erase|take out] [all|the|all the] consonants [of|from] {}",
        f"[remove|delete|drop|erase] [all|the] {_LETTERS} of {{}} that are not vowels",
        "[extract|pick out|write] [all|the] vowels of {}[ in order|]",
    ],
    "remove_vowels": [
        "[remove|delete|drop|skip] [every|each|any] vowel [of|in] {}",
        "[remove|delete|drop] the letters a, e, i, o and u from {}",
        "[remove|delete|drop|erase|take out] [all|the|all the] vowels [of|from|in] {}",
        "[write|print|copy] {} without [its|the|any] vowels",
        "[keep|copy|leave] [only|just] the consonants of {}",
        "[leave out|omit] [all|the|every one of the] vowels [of|in] {}",
    ],
    "repeat_word": [
        "[repeat|duplicate] {}",
        "[write|say|print|output] {} [twice|two times|twice in a row|two times in a row]",
        "[write|say|print] {} and [then |][write|say|repeat] it [again|once more]",
        "[make|print|produce] two copies of {}",
        "repeat {} [once|one time] [with a blank between|after a space|after a blank]",
    ],
    "first_two_letters": [
        f"[extract|copy|keep only|pick out] the first two {_LETTERS} of {{}}",
        f"{WRITE} the two {_LETTERS} that {{}} [begins|starts|opens] with",
        "[cut off|end|stop] {} after [two letters|the second letter]",
    ],
    "last_two_letters": [
        f"[extract|copy|keep only|pick out] the last two {_LETTERS} of {{}}",
        f"{WRITE} the two {_LETTERS} that {{}} [ends|finishes|closes] with",
    ],
    "first_and_last_letter": [
        f"[extract|copy|pick out] the first and the last {_LETTER} of {{}}",
        f"{WRITE} the {_LETTERS} that {{}} [begins|starts] and [ends|finishes] with",
        f"{WRITE} the [outer|outermost] two {_LETTERS} of {{}}",
    ],
    "swap_first_and_last": [
        "move the outer letters of {} to [opposite|each other's] places",
        f"[swap|exchange|switch|interchange] the first and [the last|last|final] {_LETTER} of {{}}",
        f"[swap|exchange|switch|interchange] the [outer|outermost|first and last] {_LETTERS} of {{}}",
        f"[write|print|output] {{}} with its [first and last|outer] {_LETTERS} [swapped|exchanged|switched]",
        f"let the first and last {_LETTER} of {{}} [change|trade] places",
    ],
}

_EXTRA: dict[str, list[str]] = {
    "first_letter": [f"[what|which] {_LETTER} does {WORD.the} [begin|start] with?"],
    "last_letter": [f"[what|which] {_LETTER} does {WORD.the} [end|finish] with?"],
    "spell_out": [
        f"how is {WORD.the} spelled, letter by letter?",
        "the letters of the word, separated by blanks",
    ],
    "reverse_word": [
        f"how is {WORD.the} [written|spelled] [backwards|in reverse]?",
        f"the {_LETTERS} of {WORD.the} in [reverse|backward] order",
    ],
    "upper_case": [
        f"{WORD.the} in [capital letters|capitals|upper case]",
        "use only capital letters for the [word|input|whole word]",
    ],
    "count_letters": [
        f"how many {_LETTERS} does {WORD.the} [have|contain]?",
        f"how many {_LETTERS} are [there |]in {WORD.the}?",
    ],
    "repeat_word": [f"{WORD.the}, [twice|two times]", "say the same word twice, separated by a blank"],
}

PRECISE: dict[str, list[str]] = build(WORD, _NOUNS, _ACTIONS, _EXTRA)

HELD_OUT: dict[str, list[str]] = {
    "first_letter": [
        "Which letter comes first in the word?",
        "Write the letter at the start of the word.",
        "Print the character that opens the string.",
        "Keep the first letter and remove all the others.",
        "Output the word's first letter and nothing else.",
    ],
    "second_letter": [
        "Which letter comes second in the word?",
        "Write the letter that comes right after the first letter.",
        "Skip the first letter and write the next one.",
        "Output the word's second letter and nothing else.",
        "Give the letter between the first and the third one.",
    ],
    "third_letter": [
        "Which letter comes third in the word?",
        "Write the letter that comes right after the second letter.",
        "Skip the first two letters and write the next one.",
        "Output the word's third letter and nothing else.",
        "Drop the first two letters and give the one that comes next.",
    ],
    "last_letter": [
        "Which letter comes last in the word?",
        "Write the letter at the end of the word.",
        "Keep the last letter and remove all the others.",
        "Output the word's final letter and nothing else.",
        "Print the letter that stands last in the input.",
    ],
    "spell_out": [
        "Write each letter of the word with a space after it.",
        "Spell the given word with a blank after each letter.",
        "List the letters of the word in order, separated by spaces.",
        "Write every letter of the word and separate them with blanks.",
        "Separate the letters of the word with blanks.",
    ],
    "reverse_word": [
        "Start with the last letter and write the word backwards.",
        "Write the letters from last to first.",
        "Turn the word around so that its last letter comes first.",
        "Spell the word in the opposite order.",
        "Read the word from the end to the start and write that.",
    ],
    "upper_case": [
        "Make the whole word uppercase.",
        "Write the same word, but with capital letters only.",
        "Replace every letter with the capital letter.",
        "Repeat the word in upper case letters.",
        "Print each letter of the word as a capital letter.",
    ],
    "count_letters": [
        "Write a number that says how many letters there are.",
        "Count all characters in the word and write the total.",
        "What is the total number of letters in the word?",
        "How long is the word?",
        "Give the word's length in letters.",
    ],
    "keep_vowels": [
        "Which vowels does the word contain?",
        "Write the word without its consonants.",
        "Skip every consonant and write the vowels.",
        "Print the letters of the word that are vowels.",
        "Leave out the consonants and keep the rest.",
    ],
    "remove_vowels": [
        "Which consonants does the word contain?",
        "Skip every vowel and write the rest of the word.",
        "Print the letters of the word that are not vowels.",
        "Write the word without the letters a, e, i, o and u.",
        "Write the word, but leave out its vowels.",
    ],
    "repeat_word": [
        "Write the word, then a space, then the same word again.",
        "Double the word with a space between.",
        "Give two copies of the word.",
        "Print two copies of the input, separated by a blank.",
        "Say the same word two times.",
    ],
    "first_two_letters": [
        "Which two letters come first in the word?",
        "Write the two letters at the start of the word.",
        "Keep the first two letters and remove the rest.",
        "Write the first letter and the second letter together.",
        "Delete everything after the second letter.",
    ],
    "last_two_letters": [
        "Which two letters come last in the word?",
        "Write the two letters at the end of the word.",
        "Keep the last two letters and remove the rest.",
        "Print how the word ends, using only two letters.",
        "Delete everything before the last two letters.",
    ],
    "first_and_last_letter": [
        "Write the first letter, a blank and then the last letter.",
        "With which letters does the word begin and end?",
        "Give the letter at the start and the letter at the end.",
        "Keep the two outer letters, separated by a space.",
        "Remove all letters between the first and the last one.",
    ],
    "swap_first_and_last": [
        "Put the last letter first and the first letter last.",
        "Move the first letter to the end and the last letter to the start.",
        "Write the word, but exchange its outer letters.",
        "The first and the last letter of the word change places.",
        "Replace the first letter with the last letter and the last with the first.",
    ],
}

_SHARED = [
    "[change|process|transform|handle] the [word|input][ in some way|]",
    "do something with the [word|letters|input]",
    "work with the [letters|characters][ of the word|]",
    "[write|say|give] something about the [word|letters]",
]
_ONE_LETTER = [
    "[give|write|find|output] [one|some|a] letter [from|of|in] the [word|input]",
    "[pick|choose|take] a letter",
    "which letter does the word have?",
]
_SOME_LETTERS = [
    "[keep|write|give] [some|part|a part] of the [word|input]",
    "[write|keep|give] only some letters[ of the word|]",
    "[remove|drop|leave out] some letters",
]
_TWO_LETTERS = ["[write|give|find|output] two letters [of|from|in] the [word|input]"]
_START = ["[write|give|output] the [start|beginning] of the [word|input]"]
_END = ["[write|give|output] the end of the [word|input]"]
_VOWELS = ["[do something|work] with the vowels[ of the word|]", "look at the vowels and consonants"]
_ORDER = [
    "[change|rearrange] the order of the letters",
    "[move|rearrange] [letters|the letters|some letters] of the word",
]
_REWRITE = [
    "write the [word|input] in [another|a different|some other] way",
    "write the word differently",
    "[rewrite|repeat] the input in some form",
]
_ANSWER = ["answer a question about the [word|letters]", "[describe|analyze] the letters of the word"]

VAGUE: dict[str, list[str]] = {
    name: _SHARED + own
    for name, own in {
        "first_letter": _ONE_LETTER + _START + _SOME_LETTERS,
        "second_letter": _ONE_LETTER + _ANSWER,
        "third_letter": _ONE_LETTER + _ANSWER,
        "last_letter": _ONE_LETTER + _END + _SOME_LETTERS,
        "spell_out": _REWRITE,
        "reverse_word": _REWRITE + _ORDER,
        "upper_case": _REWRITE,
        "count_letters": _ANSWER,
        "keep_vowels": _VOWELS + _SOME_LETTERS,
        "remove_vowels": _VOWELS + _SOME_LETTERS,
        "repeat_word": _REWRITE,
        "first_two_letters": _TWO_LETTERS + _START + _SOME_LETTERS,
        "last_two_letters": _TWO_LETTERS + _END + _SOME_LETTERS,
        "first_and_last_letter": _TWO_LETTERS + _SOME_LETTERS,
        "swap_first_and_last": _ORDER + _REWRITE,
    }.items()
}
