"""Phrasings of the families of ``embedded_model.generators.sentences``."""

from __future__ import annotations

_ANY = ["do something with the [sentence|input|text]", "[write|give] [something|an answer] for the [sentence|input]"]
_REWRITE = [
    "[rewrite|change|edit] the [sentence|text|input]", "change the sentence in some way", "[write|say] the sentence differently",
    *_ANY,
]  # fmt: skip
_PART = ["[write|output|give] a word [from|of] the sentence", "[pick|choose|find] a part of the sentence", *_ANY]
_ABOUT = ["[say|write] something about the [sentence|text]", "[look at|read] the sentence", *_ANY]


def _transform(form: str, noun: str) -> list[str]:
    """Templates that turn a sentence into a form; the arguments are alternatives."""
    return [
        f"[rewrite|write|put|express|restate] the [sentence|input|given sentence|statement] in the [{form}]",
        f"[change|convert|turn|transform] the [sentence|input|given sentence|statement] [into|to] the [{form}]",
        f"[write|give|output|return] the [{noun}] of the [sentence|input|statement|given sentence]",
        f"[for each sentence,|for each input,|given a sentence,] [write|give|output] [its|the] [{noun}]",
        f"[take the sentence and|read the sentence and] [write|output|give] its [{noun}]",
        f"[output|return|write] only the [{noun}] of the sentence",
        f"the [{noun}] of the [sentence|input|given sentence]",
        f"what is the [{noun}] of the [sentence|input]?",
        f"your task is to [rewrite|put|express] the sentence in the [{form}]",
    ]


def _extract(noun: str) -> list[str]:
    """Templates that take a part out of a sentence."""
    return [
        f"[write|give|output|return|find|name] the {noun} [of|in|from] the [sentence|input|text|given sentence]",
        f"[extract|pick|select|choose|copy] the {noun} [of|from] the [sentence|input|text]",
        f"[output|return|write] only the {noun}[ of the sentence| in the sentence| in the text|]",
        f"[for each sentence,|for each input,|given a sentence,] [write|give|output] the {noun}",
        f"[read the sentence and|take the sentence and] [write|output|give|name] the {noun}",
        f"[remove|delete|leave out] everything [but|except] the {noun}",
        f"what is the {noun} [of|in] the [sentence|input|text]?",
        f"the {noun} [of|in|from] the [sentence|input|text]",
        f"your task is to [find|write|output] the {noun} [of|in] the sentence",
    ]


PRECISE: dict[str, list[str]] = {
    "active_to_passive": [
        *_transform("passive voice|passive form|passive", "passive form|passive voice|passive version"),
        "[make|turn] the [sentence|active sentence|statement] [passive|into a passive one|into a passive sentence]",
        "[change|convert|transform] the [sentence|verb|input] from active [to|into] passive[ voice|]",
        "[rewrite|restate] the [sentence|statement] using the passive[ voice| form|]",
        "[swap|exchange] the subject and the object and use the passive[ voice| form|]",
        "[rewrite|write] the [active sentence|sentence] as a passive [sentence|one|statement]",
    ],
    "negation": [
        "negate the [sentence|statement|input|given sentence|meaning of the sentence|verb]",
        "[make|turn] the [sentence|statement|input|verb] [negative|into a negative one|into its negation]",
        "[write|give|output|return] the [negation|negated form|negative form|negative version] of the [sentence|statement|input]",
        "add [not|the word not] to the [sentence|statement|verb] [to negate it|to make it negative|so that it is negated|]",
        "[rewrite|change] the [sentence|statement] so that it [says the opposite|becomes negative|is negative|is negated|is no longer true]",
        "[for each sentence,|for each statement,|for each input,|given a sentence,] [write|give|output] [its|the] [negation|negative form]",
        "[take the sentence and|read the statement and] [negate it|write its negation|make it negative]",
        "the [negation|negative form|negated form] of the [sentence|statement|input]",
        "what is the [negation|negative form] of the [sentence|statement|input]?",
        "your task is to [negate|write the negation of] the [sentence|statement]",
        "[convert|change|turn] the [sentence|positive sentence|affirmative sentence] [into|to] a negative [one|sentence|statement]",
        "[deny|contradict] the [statement|sentence|claim] [with not|by adding not|]",
    ],
    "past_tense": [
        *_transform("past tense|past|simple past", "past tense|past form|past version"),
        "[change|convert|turn] the [sentence|verb] from the present [to|into] the past[ tense|]",
        "[rewrite|write] the sentence as if it [happened yesterday|happened in the past|was in the past]",
        "[use|write|put] the past [tense|form] of the verb [in|of] the sentence",
    ],
    "informal_to_formal": [
        "[rewrite|write|express|restate|say] the [sentence|input|text|phrase] [formally|more formally|in formal language]",
        "[make|turn] the [sentence|informal sentence|text|phrase] [formal|more formal|more polite and formal]",
        "[change|convert|transform] the [informal|casual|] [sentence|text|phrase] [into|to] [formal|polite] [language|english]",
        "[write|give|output|return] [the|a] formal [version|form] of the [sentence|input|text|informal sentence]",
        "[for each sentence,|for each input,|for each phrase,|given an informal sentence,] [write|give|output] a [more formal|formal] [version|form]",
        "[take the casual sentence and|read the sentence and] [write|give] a formal version",
        "[rewrite|put|write] the [sentence|text|input] in a [formal|polite|more formal] [style|tone|way]",
        "[replace|exchange] [casual|informal] words [by|with] formal [ones|words]",
        "the formal [version|form] of the [informal|casual|] [sentence|phrase|text]",
        "how do you say the [sentence|phrase|input] formally?",
        "your task is to make the [sentence|text|phrase] [formal|more formal]",
    ],
    "sentiment": [
        "[decide|determine|say|tell] [whether|if] the [sentence|review|text|input|movie review] is positive or negative",
        "[classify|label] the [sentence|review|text|input|movie review] as positive or negative",
        "[write|give|output|return|determine|find] the [sentiment|mood|feeling] of the [sentence|review|text|input|movie review]",
        "[write|output|answer|say] positive [or|if the review is good and] negative [for the sentence|if it is bad|for the review]",
        "[for each sentence,|for each review,|for each input,|given a movie review,] [write|output|say] [whether it is|] positive or negative",
        "[read the review and|given a sentence,] [say|decide|write] [whether it is positive or negative|its sentiment]",
        "is the [sentence|review|text|movie review|opinion] positive or negative?",
        "the sentiment of the [sentence|review|text|movie review]",
        "your task is to [classify|determine|name] the sentiment of the [sentence|review|text]",
        "[tell|decide|determine] [whether|if] the [writer|author|critic|reviewer] [liked|likes] the [film|movie][, positive or negative|]",
    ],
    "words_starting_with": [
        "[write|list|output|give|find|return] [all|the|all the|every one of the] words [that start|that begin|starting|beginning] with the [letter in brackets|given letter|letter]",
        "[extract|pick|select|choose] the words [of|from|in] the sentence [that start|that begin|starting|beginning] with the [letter in brackets|given letter]",
        "[output|return|write] only the words [whose first letter is the letter in brackets|that begin with the given letter]",
        "[for each sentence,|for each input,|given a sentence and a letter,] [list|write|output] the words [starting|beginning] with the [letter in brackets|given letter]",
        "[read the sentence and] [list|find|write] the words that [start|begin] with [it|the letter]",
        "[remove|leave out|delete] [all words|every word|the words] that [do not start|do not begin|don't start] with the [letter in brackets|given letter]",
        "which words [in|of] the sentence [start|begin] with the [letter in brackets|given letter|letter in square brackets]?",
        "the words [in|of|from] the sentence [that begin|that start|starting|beginning] with the [letter in brackets|given letter]",
        "your task is to [find|list|extract] [all|the] words [starting|beginning] with the [given letter|letter in brackets]",
        "[find|list|copy] [every|each] word that [begins|starts] with the [given letter|letter in brackets|letter in square brackets]",
    ],
    "first_word_of_sentence": [
        *_extract("[first|initial|opening] word"),
        "[write|say|output] which word comes first in the [sentence|input|text]",
        "[write|output|copy] the word [at the beginning|at the start] of the [sentence|input|text]",
        "[write|output|find] the word [that|which] the sentence [begins|starts] with",
    ],
    "last_word_of_sentence": [
        *_extract("[last|final|closing] word"),
        "[write|say|output] which word comes last in the [sentence|input|text]",
        "[write|output|copy] the word [at the end] of the [sentence|input|text]",
        "[write|output|find] the word [that|which] the sentence ends with",
    ],
    "count_words_in_sentence": [
        "count [all|] the words [in|of] the [sentence|input|text|given sentence]",
        "[write|give|output|return|find] the [total|] number of words [in|of] the [sentence|input|text|given sentence]",
        "[write|say|find|determine|output] how many words [the sentence has|there are in the sentence|are in the input|the text contains]",
        "[output|return] only the [number|count] of words[ in the sentence| in the text|]",
        "[for each sentence,|for each input,|given a sentence,] [count|give the number of|write the number of] [its|the] words",
        "[read the sentence and] [count its words|write how many words it has|give the number of words]",
        "how many words [are in the sentence|does the sentence have|are there in the input|does the text contain]?",
        "the number of words [in|of] the [sentence|input|text]",
        "your task is to count the words [in|of] the [sentence|text|input]",
        "[measure|determine|give] the length of the [sentence|text|input] in words",
    ],
    "name_in_sentence": [
        *_extract("[name|person|name of the person|person's name]"),
        "[write|say|name|output|tell] [which person|who] is [mentioned|named] [in|by] the [sentence|text|input]",
        "[find|name|write] the person [mentioned|named] in the [sentence|text|input]",
        "who is [mentioned|named] [by name|] in the [sentence|text|input]?",
    ],
}
HELD_OUT: dict[str, list[str]] = {
    "active_to_passive": [
        "Say the same thing in the passive voice.",
        "Take the active sentence and make it passive.",
        "Write the statement with a passive verb.",
        "You are given an active sentence, convert it to the passive.",
        "Express what the sentence says using the passive.",
    ],
    "negation": [
        "Write the sentence with the verb negated.",
        "Say that the statement is not true by adding not to it.",
        "Make a negative sentence out of the given one.",
        "You are given a statement and must write its negation.",
        "Change each positive statement so that it becomes negative.",
    ],
    "past_tense": [
        "Say the same thing in the past tense.",
        "Take the verb and change it from present to past.",
        "You are given a sentence in the present, write it in the past.",
        "Make the sentence about the past.",
        "Write what the sentence says as if it was yesterday.",
    ],
    "informal_to_formal": [
        "Say the same thing in a more formal way.",
        "Write the casual phrase in polite and formal words.",
        "You are given an informal sentence, make it formal.",
        "Use formal language to say what the sentence says.",
        "Write it the way it is said in formal English.",
    ],
    "sentiment": [
        "Is the opinion about the film good or bad, positive or negative?",
        "Write positive if the movie review is good, negative if not.",
        "You are given a review of a movie, find out its sentiment.",
        "Answer with positive or negative for each review.",
        "Tell whether the author has a positive opinion of it or a negative one.",
    ],
    "words_starting_with": [
        "Write the words of the sentence that have the letter in brackets as their first letter.",
        "You are given a sentence and a letter, list the words that begin with that letter.",
        "Copy each word starting with the letter at the end of the input.",
        "Look at the letter in square brackets and write all words that start with it.",
        "Find all of the words in the sentence whose initial letter is the given letter.",
    ],
    "first_word_of_sentence": [
        "Find out which word comes first.",
        "Copy only the word that begins the sentence.",
        "You are given a sentence, write its first word.",
        "Which word does the sentence start with?",
        "Leave out every word of the sentence except the first.",
    ],
    "last_word_of_sentence": [
        "Find out which word comes last.",
        "Copy only the word that ends the sentence.",
        "You are given a sentence, write its last word.",
        "Which word does the sentence end with?",
        "Leave out every word of the sentence except the last.",
    ],
    "count_words_in_sentence": [
        "Say of how many words the sentence is made.",
        "You are given a sentence, write the number of its words.",
        "Find out how many words are in it.",
        "Count each word in the sentence and output the total.",
        "Write the count of all words of the text.",
    ],
    "name_in_sentence": [
        "Say who the person in the sentence is.",
        "You are given a sentence, write the name that is in it.",
        "Which person is named in the text?",
        "Copy only the name of the person from the sentence.",
        "Find who is mentioned and write the name.",
    ],
}
VAGUE: dict[str, list[str]] = {
    **dict.fromkeys(("active_to_passive", "negation", "past_tense", "informal_to_formal"), _REWRITE),
    **dict.fromkeys(("words_starting_with", "first_word_of_sentence", "last_word_of_sentence"), _PART),
    "name_in_sentence": _PART,
    **dict.fromkeys(("sentiment", "count_words_in_sentence"), _ABOUT),
}
