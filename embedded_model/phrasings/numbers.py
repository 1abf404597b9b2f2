"""Phrasings of the families of ``embedded_model.generators.numbers``."""

from __future__ import annotations

from embedded_model.phrasings.letters import WRITE, Thing, build

_PAIR = Thing(
    the="the [two numbers|numbers|two values|two integers]",
    given="the [given|two given] [numbers|values|integers]",
    a="two [numbers|values|integers]",
    each="[each|every] [pair of numbers|input]",
    it="them",
    its="their",
)
_COMPARED = Thing(_PAIR.the, _PAIR.given, _PAIR.a, _PAIR.each, "them", "the")
_ONE = Thing(
    the="the [number|number|value|integer]",
    given="the [given number|given value|input number|number you are given]",
    a="a [number|value]",
    each="[each|every] [number|input|value]",
    owner="the [number's|value's|input's]",
)
_LIST = Thing(
    the="the [numbers|values|integers]",
    given="the [given|input] [numbers|values|integers]",
    a="[some|several|a list of] numbers",
    each="[each|every] [list of numbers|input]",
    it="them",
    its="their",
)

_LARGER = "[larger|bigger|greater|higher|largest|biggest|greatest|highest]"
_SMALLER = "[smaller|lesser|lower|smallest|lowest]"
_ASCENDING = "[in ascending order|from small to large|from lowest to highest|in increasing order|from low to high]"

_PAIR_NOUNS = {
    "sum": ["[sum|total|sum total]"],
    "difference": ["difference"],
}
_PAIR_ACTIONS = {
    "sum": [
        "[add|add up|sum up|total] {}",
        "[compute|calculate|find|determine|work out] the [sum|total] of {}",
        "[write|say|give] how much {} make together",
        "[perform an addition|do the addition] with {}",
    ],
    "difference": [
        "[compute|calculate|find|determine|work out] the difference [of|between] {}",
        "[subtract|take away] the second of {} from the first",
        "[take|compute] the first minus the second of {}",
        "[perform|do] a subtraction with {}",
    ],
}
_PAIR_EXTRA = {
    "sum": [
        "[add|add up|sum up] both [numbers|values|integers]",
        "add the [second|first] number to the [other|other one]",
        f"{WRITE} the first number plus the second number",
        "what do you get when you add the [two numbers|two values|numbers]?",
        "[apply|use] addition to the two numbers",
    ],
    "difference": [
        "[subtract|take away|deduct] the second [number|value|integer] from the first[ number| one|]",
        f"{WRITE} the first [number|value] minus the second[ number| one|]",
        "[take|start with] the first number and [subtract|take away|deduct] the second one",
        "what is the first number minus the second[ number| one|]?",
        "[compute|calculate] how much [larger|bigger] the first number is than the second",
        "[subtract|deduct] the [smaller|lower] number from the [larger|bigger|higher] one",
    ],
}
_COMPARED_NOUNS = {
    "larger_number": [f"{_LARGER} one", "maximum"],
    "smaller_number": [f"{_SMALLER} one", "minimum"],
}
_COMPARED_ACTIONS = {
    "larger_number": [
        f"[pick|choose|select|find|determine] the {_LARGER} of {{}}",
        "compare {} and [write|give|output|return] the [larger|bigger|greater|higher] one",
    ],
    "smaller_number": [
        f"[pick|choose|select|find|determine] the {_SMALLER} of {{}}",
        "compare {} and [write|give|output|return] the [smaller|lesser|lower] one",
    ],
}
_COMPARED_EXTRA = {
    "larger_number": [
        "which [number|value|of the two numbers] is [larger|bigger|greater|higher]?",
        "[drop|remove] the [smaller|lower] number and [keep|write] the other",
        f"{WRITE} the number that is [larger|bigger|greater] than the other",
    ],
    "smaller_number": [
        "which [number|value|of the two numbers] is [smaller|lower|lesser]?",
        "[drop|remove] the [larger|bigger] number and [keep|write] the other",
        f"{WRITE} the number that is [smaller|lower] than the other",
    ],
}
_ONE_NOUNS = {
    "number_in_words": ["[english name|name in words|name in english]"],
    "next_number": ["[successor|next number|next integer]"],
    "previous_number": ["[predecessor|previous number|previous integer]"],
    "double_number": ["double"],
    "last_digit": ["[last|final|ending|rightmost] [digit|figure]", "[units|ones] digit"],
}
_ONE_ACTIONS = {
    "number_in_words": [
        "[write|spell|express|state|print] {} in [words|english words|letters]",
        "[write|spell] {} out[ in words|]",
        "[convert|translate|change|turn] {} [to|into] [words|english words|english]",
        "[write|spell|express] {} as [words|english words]",
        "[write|spell] {} [with|using] words instead of digits",
    ],
    "next_number": [
        "[add one to|add 1 to] {}",
        "[increase|raise] {} by [one|1]",
        f"{WRITE} the [number|integer] that [comes after|follows|comes right after|directly follows] {{}}",
        "[count|go|step] one [up|further] from {}",
    ],
    "previous_number": [
        "[subtract one from|take one away from|subtract 1 from] {}",
        "[decrease|reduce|lower] {} by [one|1]",
        f"{WRITE} the [number|integer] that [comes before|precedes|comes right before] {{}}",
        "[count|go|step] one [down|back] from {}",
    ],
    "double_number": [
        "double {}",
        "multiply {} [by|with] [two|2]",
        "add {} to itself",
        "[compute|calculate|write|find] [two times|twice] {}",
    ],
    "last_digit": [
        "[extract|pick out|copy|keep only] the [last|final|rightmost] [digit|figure] of {}",
        "[write|give|output] the digit that {} [ends|finishes] with",
        "[find|compute] the remainder of {} [when divided by ten|after division by ten]",
    ],
}
_ONE_EXTRA = {
    "number_in_words": [f"how is {_ONE.the} [written|spelled] in words?", f"{_ONE.the} [written |]in words"],
    "next_number": [f"[what|which number] comes [right |]after {_ONE.the}?", f"{_ONE.the} plus [one|1]"],
    "previous_number": [
        f"[what|which number] comes [right |]before {_ONE.the}?",
        f"{_ONE.the} minus [one|1]",
    ],
    "double_number": [f"what is [twice|two times] {_ONE.the}?", f"[twice|two times] {_ONE.the}"],
    "last_digit": [f"[which|what] digit does {_ONE.the} [end|finish] with?"],
}
_LIST_ACTIONS = {
    "sort_numbers": [
        "[order|arrange|rearrange] {} so that the [smallest|lowest] comes first",
        f"[sort|order|arrange|rank] {{}} {_ASCENDING}",
        "[put|bring] {} [in ascending order|in increasing order|in order of size]",
        f"[write|print|list|output] {{}} {_ASCENDING}",
        "[sort|order|arrange] {} [by size|by value] with the [smallest|lowest] first",
    ],
}
_LIST_EXTRA = {
    "sort_numbers": [
        f"{_LIST.the} {_ASCENDING}",
        f"return a [sorted|ordered] list of the numbers {_ASCENDING}",
        "what is the [ascending|increasing] order of the numbers?",
    ],
}

PRECISE: dict[str, list[str]] = {
    **build(_PAIR, _PAIR_NOUNS, _PAIR_ACTIONS, _PAIR_EXTRA),
    **build(_COMPARED, _COMPARED_NOUNS, _COMPARED_ACTIONS, _COMPARED_EXTRA),
    **build(_ONE, _ONE_NOUNS, _ONE_ACTIONS, _ONE_EXTRA),
    **build(_LIST, {}, _LIST_ACTIONS, _LIST_EXTRA),
}

HELD_OUT: dict[str, list[str]] = {
    "sum": [
        "What is the first number plus the second?",
        "Add both numbers and write the total.",
        "Add one number to the other.",
        "Count the two numbers together and give the sum.",
        "How much are the two numbers together?",
    ],
    "difference": [
        "How much larger is the first number than the second?",
        "Take the second number away from the first number.",
        "Subtract the last number from the first one.",
        "What do you get when you subtract the second number from the first?",
        "By how much is the second number smaller than the first?",
    ],
    "larger_number": [
        "Two numbers are given, write the bigger one.",
        "Which one of the numbers is the maximum?",
        "Look at both numbers and output the one with the higher value.",
        "Write only the number that is not the smaller one.",
        "Leave out the smaller number.",
    ],
    "smaller_number": [
        "Two numbers are given, write the smaller one.",
        "Which one of the numbers is the minimum?",
        "Look at both numbers and output the one with the lower value.",
        "Write only the number that is not the larger one.",
        "Leave out the larger number.",
    ],
    "number_in_words": [
        "Use english words to write the number.",
        "Say the number in words.",
        "Replace the digits of the number by words.",
        "What are the words for the number?",
        "Spell the number as words and do not use digits.",
    ],
    "next_number": [
        "What number do you get when you add one?",
        "Count one further and write the number.",
        "Write a number that is larger by one.",
        "Compute the number plus one.",
        "Which integer follows the given one?",
    ],
    "previous_number": [
        "What number do you get when you subtract one?",
        "Count one back and write the number.",
        "Write a number that is smaller by one.",
        "Compute the number minus one.",
        "Which integer precedes the given one?",
    ],
    "double_number": [
        "What do you get when you multiply the number by two?",
        "Write a number that is two times larger than the input.",
        "What is the number plus itself?",
        "Make the number twice as large.",
        "Take the value two times and write the total.",
    ],
    "sort_numbers": [
        "Write the smallest number first and the largest number last.",
        "Order the numbers so that the values go up.",
        "Sort the list of numbers by size, starting with the smallest.",
        "Begin with the lowest number and end with the highest.",
        "Rearrange the numbers from low to high.",
    ],
    "last_digit": [
        "Write the digit at the end of the number.",
        "Which digit comes last in the number?",
        "Remove all digits except the last one.",
        "Output the number's last digit and nothing else.",
        "Keep the last digit and drop the others.",
    ],
}

_SHARED = [
    "[do something|work|calculate|compute something] with the [number|numbers|input]",
    "[process|transform|handle] the [numbers|input][ in some way|]",
    "[write|give|find] a number",
    "solve the [task|problem|exercise] with numbers",
]
_ARITHMETIC = [
    "[compute|calculate|work out] the [result|answer|value]",
    "[combine|use] the two numbers[ in some way|]",
    "do some arithmetic[ with the numbers|]",
]
_COMPARISON = [
    "[choose|pick|select|write] one of the [two |]numbers",
    "compare the [two |]numbers",
]
_NEIGHBOUR = [
    "[write|give|find] a number [near|close to|next to] the [number|input]",
    "change the number by one",
    "[count|go|step] one number further in some direction",
]
_OTHER_NUMBER = ["[compute|write|give] another number", "[change|modify] the number"]
_REWRITE = [
    "write the number in [another|a different|some other] way",
    "[write|say] something about the digits",
]
_ORDER = ["[change|look at] the order of the numbers", "[arrange|compare] the numbers by [size|value]"]

VAGUE: dict[str, list[str]] = {
    name: _SHARED + own
    for name, own in {
        "sum": _ARITHMETIC,
        "difference": _ARITHMETIC,
        "larger_number": _COMPARISON + _ORDER,
        "smaller_number": _COMPARISON + _ORDER,
        "number_in_words": _REWRITE,
        "next_number": _NEIGHBOUR + _OTHER_NUMBER,
        "previous_number": _NEIGHBOUR + _OTHER_NUMBER,
        "double_number": _OTHER_NUMBER + _ARITHMETIC[:1],
        "sort_numbers": _ORDER,
        "last_digit": _REWRITE,
    }.items()
}
