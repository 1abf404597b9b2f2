"""Phrasings of the families of ``embedded_model.generators.lexical``."""

from __future__ import annotations

_ANY = ["do something with the [word|input|text]", "[write|give] [something|an answer] for the [word|input]"]
_RELATED = ["[write|give|name] a related word", "[give|write] another word", *_ANY]
_FOREIGN = ["translate the word", "[write|give] the word in another language", "[change|rewrite] the word", *_ANY]
_COMPARE = ["compare the two animals", "choose one of the animals", "[pick|choose] an animal", *_ANY]
_SOME = [
    "[pick|select|choose] some of the words", "[choose|list] words of one group", "[choose|pick] from the list", *_ANY,
]  # fmt: skip


def _translate(language: str) -> list[str]:
    """Templates for a translation into ``language``."""
    return [
        f"translate the [word|english word|input|given word|term] [into|to] {language}",
        f"[write|give|output|return|provide] the {language} [translation|word|equivalent] [of|for] the [word|input|english word]",
        f"[say|write|express] the [word|english word|input] in {language}",
        f"[for each word,|for each input,|for each english word,|given an english word,] [write|give|output] [its|the] {language} [translation|word|equivalent]",
        f"[take the english word and|read the word and] [give|write|output] its {language} translation",
        f"[output|return] only the {language} [translation|equivalent] of the [word|term|english word]",
        f"what is the {language} [word|translation|term] for the [input|english word|given word]?",
        f"the {language} [translation|equivalent|word] [of|for] the [word|given word|english word]",
        f"[convert|turn|change] the [english word|word|input] [into|to] {language}",
        f"you [must|have to|should] [translate|write] the [word|english word|input] in {language}",
        f"your task is to translate [each|the] [word|english word] from english [into|to] {language}",
        f"translate [from english|english words|words] [into|to] {language}",
    ]


def _held_translate(language: str) -> list[str]:
    """Plain phrasings for a translation into ``language``."""
    return [
        f"Write the {language.capitalize()} word that means the same as the English word.",
        f"You are given an English word and must translate it to {language.capitalize()}.",
        f"Find the {language.capitalize()} translation of each word in the input.",
        f"How do you say the word in {language.capitalize()}?",
        f"Take the English word and output it in {language.capitalize()}.",
    ]


def _in_list(names: str, name: str, kind: str) -> list[str]:
    """Templates that choose the ``names`` in a list."""
    return [
        f"[write|list|output|give|return|find] [all|only|all of|just|] the {names} [in|from] the [list|input|given list|words]",
        f"[pick|select|choose|extract|keep] [only|all|just|] the [{names}|words that are {names}] from the [list|input|words]",
        f"[output|return|write|keep] only the words that [are {names}|name {name}|refer to {names}]",
        f"[find|select|list|write] [every|each] [{name}|word that is {name}|word for {name}] in the [list|input]",
        f"[for each list,|for each input,|given a list of words,] [list|write|output|give] [all|only|] the {names}",
        f"[remove|delete|leave out|drop] [everything|all words|every word] that is not {name}",
        f"[read the list and|take the list and] [keep|output|list|select] the {names}",
        f"which [words|items] [in|from|of] the [list|input] are {names}?",
        f"your task is to [find|list|select|extract] the {names} [in|from] the list",
        f"the {names} [in|from|of] the [list|input|given list]",
        f"[write down|copy|output] those [words|items] that are {names}",
        f"[list|write down] all of them that are {names}[ and appear in the list|]",
        f"[write|list|output] the [words|items] that [belong to|are in] the [group|category|class] {kind}",
    ]


def _held_in_list(names: str, name: str) -> list[str]:
    """Plain phrasings that choose the ``names`` in a list."""
    return [
        f"Write down the {names} that appear in the given list.",
        f"Find the {names} in the list of words and output only those.",
        f"Remove the words that are not {names} and write the others.",
        f"Which of the words is {name}? List all of them.",
        f"Output every {names[:-1] if names.endswith('s') and names != 'clothes' else 'word for ' + names} in the list.",
    ]


def _animal(big: str, biggest: str, small: str) -> list[str]:
    """Templates that compare two animals."""
    return [
        f"[write|give|output|return|name] the [{big}] [animal|of the two animals|one of the two animals]",
        f"[choose|pick|select|find] the [animal|one|input] that is [{big}]",
        f"[output|return|write] only the [{big}] animal [of the two|of the pair|from the list|]",
        f"which [animal|of the two animals|of the animals|one] is [{big}]?",
        f"[for each pair,|for each pair of animals,|for each input,|given two animals,] [write|output|give] the [{big}] [animal|one]",
        f"[compare the two animals and|read the two animals and] [give|write|name|choose] the [{big}] one",
        f"your task is to [find|choose|name|output] the [{big}] animal",
        f"[write|output|choose|name] the animal [with|of] the [{biggest}] [size|body]",
        f"the [{big}] [animal|of the two animals|animal of the pair]",
        f"[remove|delete|leave out|drop] the [{small}] [animal|one|of the two animals]",
    ]


def _related(noun: str, verb: str) -> list[str]:
    """Templates for a word in a relation; the arguments are alternatives."""
    return [
        f"[write|give|output|find|provide|name] [a|one] [{noun}] [of|for] the [word|input|given word|term]",
        f"[write|give|output|name] a word that [{verb}] the [word|input|given word|given term]",
        f"[for each word,|for each input,|given a word,] [write|give|output|find] [a|one] [{noun}]",
        f"[take the word and|read the word and] [write|give|output|return] a word that [{verb}] it",
        f"[return|output] only [a|one] [{noun}] of the [word|given word|input]",
        f"[replace|exchange] the word [by|with] [a|its] [{noun}]",
        f"what is [a|one] [{noun}] [of|for] the [word|given word|input]?",
        f"[a|one] [{noun}] [of|for] the [word|input|given word]",
        f"your task is to [find|write|give] a [{noun}] [of|for] the [word|input]",
        f"[think of|find|choose] a word which [{verb}] the [input|word|given word]",
    ]


PRECISE: dict[str, list[str]] = {
    "singular_to_plural": [
        "[write|give|output|return|provide] the plural [form|] of the [word|noun|input|given word|given noun]",
        "[convert|change|turn|transform] the [word|noun|singular noun|input] [into|to] [the|its] plural[ form|]",
        "[make|put] the [word|noun|given word|input] [plural|in the plural]",
        "[pluralize|make a plural of] the [word|noun|given word|input|singular noun]",
        "[for each noun,|for each word,|for each singular noun,|for each input,|given a noun,] [write|give|output] [its|the] plural[ form|]",
        "[given a singular word,|take the word and|read the noun and] [write|give|output] its plural",
        "the plural[ form|] of the [word|noun|input|given noun]",
        "what is the plural[ form|] of the [word|noun|given word|input]?",
        "[write|say|express] the [word|noun] for more than one[ of it|]",
        "your task is to [write|form|give] the plural of the [noun|word|singular word]",
        "[write|give] the word as it is [written|said] [when|if] there [is|are] more than one[ of them|]",
        "add [s|es|s or es] to the [word|noun] to make [it|the word] plural",
    ],
    "antonym": [
        *_related(
            "word of opposite meaning|word opposite in meaning|contrary|contrary word",
            "means the opposite of|is the opposite of|is an antonym of",
        ),
        "[write|give|output|return|name] the [opposite|antonym|contrary] of the [word|input|given word]",
        "[write|give|output] a word [opposite in meaning|with the opposite meaning|with the contrary meaning][ to the word|]",
        "what is the [opposite|antonym|contrary] of the [word|input|given word]?",
        "[write|give] an [antonym|opposite] [of|for] the [word|input|given word]",
    ],
    "synonym": [
        *_related(
            "synonym|word of similar meaning|word with the same meaning",
            "means the same as|has the same meaning as|is a synonym of|is similar in meaning to",
        ),
        "[write|give|output|find] [a|another] word [with|of] [similar|the same|equal] meaning",
        "[say|express|write] the [word|input] in another word with the same meaning",
    ],
    "rhyme": [
        *_related(
            "rhyme|rhyming word|word that rhymes", "rhymes with|sounds like the end of|ends with the same sound as"
        ),
        "[write|give|find|output] a word that rhymes with the [word|input|given word|given term]",
        "rhyme [with|on] the [word|input|given word]",
    ],
    "german": _translate("german"),
    "spanish": _translate("spanish"),
    "french": _translate("french"),
    "element": [
        "[write|give|name|output|return] the [chemical element|element] with the [given|] atomic number[ given|]",
        "[name|give|write|output] the [element|chemical element] [whose|with this] [atomic number is the input|number in the periodic table]",
        "[find|look up|choose] the [element|chemical element] in the periodic table by its [atomic number|number]",
        "[for each number,|for each atomic number,|for each input,|given an atomic number,] [write|name|give|output] the [element|chemical element]",
        "[take the number and|read the number and] [give|name|write] the [element|chemical element]",
        "which [element|chemical element] has [the|this|the given] atomic number?",
        "the [name of the|] [element|chemical element] with [this|the given] atomic number",
        "[convert|turn|change] the atomic number [into|to] the [name of the|] [element|chemical element]",
        "your task is to name the [element|chemical element] [with|of] the [given|] atomic number",
        "[write|output] [only|] the name of the [element|chemical element] with that [atomic number|number of protons]",
    ],
    "larger_animal": _animal(
        "larger|bigger|greater|heavier", "larger|bigger|greater|largest", "smaller|lighter|tinier"
    ),
    "smaller_animal": _animal("smaller|tinier|lighter|less large", "smaller|smallest|lesser", "larger|bigger|heavier"),
    "animals_in_list": [
        *_in_list("animals", "an animal", "animals"),
        "[find|list|write|output] the [living creatures|creatures|living animals] [in|from] the [list|input]",
    ],
    "foods_in_list": [
        *_in_list("foods", "a food", "food"),
        "[find|list|write|output|select] the [things|items] [that|which] [you can eat|people eat|one can eat]",
    ],
    "vehicles_in_list": [
        *_in_list("vehicles", "a vehicle", "vehicles"),
        "[find|list|write|output|select] the [things|items|words for things] [you can ride in|people travel in|used to travel]",
    ],
    "clothes_in_list": [
        *_in_list("clothes", "a piece of clothing", "clothing"),
        "[find|list|write|output|select] the [things|items] [you can wear|people wear|one can wear]",
    ],
    "odd_one_out": [
        "[find|write|output|give|name|return|pick] the odd [one|word|item] out",
        "[find|choose|pick|select|write|output] the word that does not [belong|fit|fit in][ with the others| with the rest|]",
        "[write|output|find|pick] the [word|item|one] that is [different|unlike the others|different from the others|not like the rest]",
        "[output|return|write] only the [word|item] [of another group|from another category|that does not belong]",
        "[for each list,|for each input,|given a list of words,] [write|output|find] the [word|item] that does not [belong|fit]",
        "[read the list and|compare the words and] [find|give|name] the one that does not [fit|belong]",
        "which [word|item|one] does not [belong|fit|belong in the list|fit in the group]?",
        "[find|write] the [word|item] that is not [made for|like] the other [words|items]",
        "the [word|item] that does not [belong|fit][ in the list| with the others|]",
        "your task is to [find|choose|name] the odd one out[ of the list|]",
        "[find|pick] the [word|item] that has [nothing in common|little in common] with the [others|rest]",
    ],
    "category_name": [
        "[write|give|name|output|return] the [category|class|group|kind] of the [words|items|things|three words]",
        "[name|write|give|find] the [category|class|group] [that|which] [the words|the items|all of the items] belong to",
        "[write|say|name|output] what the [words|items|things|three words] [have in common|are|all are]",
        "[for each list,|for each input,|given three words,] [write|name|give] the [category|class|group] of the items",
        "[read the list and|take the list and] [name|give|write] their [category|common class|group]",
        "what [category|class|group|kind of thing] do the [words|items|things] belong to?",
        "the [category|class|group] of the [words|items|three words]",
        "[find|write|give] a [word|name|heading|label] [that covers|for] all [items|words] [of|in] the list",
        "your task is to [categorize|classify|name the category of] the [words|items]",
        "[classify|categorize|label] the [words|items|list|things] [with one word|by category|]",
    ],
    "count_objects": [
        "[count|add up] [all|] the [objects|items|things] [in the sentence|in the input|I have|that are listed|]",
        "[write|give|output|return] the [total|] number of [objects|items|things] [in the sentence|I have|mentioned|listed]",
        "[write|find|say|output] how many [objects|items|things] [I have|there are|are mentioned|are listed]",
        "[output|return] only the total [number|count] of [objects|items|things]",
        "[for each sentence,|for each input,|given a sentence,] [count|give the number of|write the number of] [objects|items|things]",
        "[read the sentence and] [count|add up|find the total number of] the [objects|items|things]",
        "how many [objects|items|things] [do I have|are there|are mentioned|are listed][ in total| in all|]?",
        "the [total|] number of [objects|items|things] [in the sentence|mentioned|I have]",
        "your task is to count the [objects|items|things] [in the sentence|in the input|mentioned]",
        "[add|sum] the [numbers|counts] of all the [objects|items|things]",
    ],
}
HELD_OUT: dict[str, list[str]] = {
    "singular_to_plural": [
        "Write the word as it is when there is more than one.",
        "Take the singular noun and change it into the plural.",
        "Convert each given noun to its plural form.",
        "You are given a noun, output the plural.",
        "Say how the word is written in the plural.",
    ],
    "antonym": [
        "Write a word that is opposite in meaning to the input.",
        "Find the word that has the contrary meaning.",
        "You are given a word and must write its opposite.",
        "Name the antonym of each word.",
        "Turn the word into its opposite.",
    ],
    "synonym": [
        "Write a different word that has the same meaning.",
        "Find another word that means the same thing.",
        "You are given a word and must write a synonym.",
        "Name a synonym of each word in the input.",
        "Which other word has a similar meaning?",
    ],
    "rhyme": [
        "Find another word that rhymes with it.",
        "Write a word that ends in the same sound.",
        "You are given a word and must write a rhyme.",
        "Which word rhymes with the input?",
        "Name something that rhymes with each word.",
    ],
    "german": _held_translate("german"),
    "spanish": _held_translate("spanish"),
    "french": _held_translate("french"),
    "element": [
        "The input is an atomic number, write the element.",
        "Write which chemical element has that number in the periodic table.",
        "Look at the periodic table and name the element with this number.",
        "Output the chemical element for each atomic number.",
        "You are given the number of protons, name the element.",
    ],
    "larger_animal": [
        "Write the bigger of the two.",
        "You are given two animals, output the one that is larger.",
        "Find out which of the animals has the greater size.",
        "Of the two animals, name the bigger.",
        "Compare the animals and write the one with the larger body.",
    ],
    "smaller_animal": [
        "Write the smaller of the two.",
        "You are given two animals, output the one that is smaller.",
        "Find out which of the animals has the lesser size.",
        "Of the two animals, name the tinier.",
        "Compare the animals and write the one with the smaller body.",
    ],
    "animals_in_list": _held_in_list("animals", "an animal"),
    "foods_in_list": _held_in_list("foods", "a food"),
    "vehicles_in_list": _held_in_list("vehicles", "a vehicle"),
    "clothes_in_list": _held_in_list("clothes", "a piece of clothing"),
    "odd_one_out": [
        "All words but one belong to a group, find the other.",
        "Write the word that is not like the others.",
        "One of the words does not fit, name it.",
        "Output the item from the list that is of a different kind.",
        "Find which word has nothing in common with the other words.",
    ],
    "category_name": [
        "Write one word for the group that all three items belong to.",
        "What do the three things have in common?",
        "Say what kind of things the words are.",
        "Find the common category of all the words in the list.",
        "Which class do the items of the list belong to?",
    ],
    "count_objects": [
        "Say how many things I have in all.",
        "Count everything that is mentioned in the sentence.",
        "Find the sum of all the items in the sentence.",
        "You are given a list of objects, write how many there are.",
        "Add the numbers of the listed things and output the total.",
    ],
}
VAGUE: dict[str, list[str]] = {
    "singular_to_plural": ["[change|rewrite] the word", "[write|give] another form of the word", *_ANY],
    **dict.fromkeys(("antonym", "synonym", "rhyme"), _RELATED),
    **dict.fromkeys(("german", "spanish", "french"), _FOREIGN),
    "element": ["[do something with|use] the number", "[look up|use] the input", *_ANY],
    **dict.fromkeys(("larger_animal", "smaller_animal"), _COMPARE),
    **{f"{name}_in_list": _SOME for name in ("animals", "foods", "vehicles", "clothes")},
    "odd_one_out": _SOME,
    "category_name": ["[look at|compare] the words", "[say|write] something about the [words|list]", *_ANY],
    "count_objects": ["[look at|use] the input", "[say|write] something about the [sentence|text]", *_ANY],
}
