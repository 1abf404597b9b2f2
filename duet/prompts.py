"""Every prompt that the project sends, in one place. Model output is data: it is filled in once and never re-read."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from duet.examples.example import Example
from duet.examples.labels import closed_labels, label_of
from duet.models.base import Message, Request

PREFIX = "The instruction was to"
MAX_CHARACTERS = 24_000  # of the demonstrations in a prompt, some 6,000 tokens
SEPARATOR = "---"  # between instructions of several lines
LONGEST_LETTER = "\N{GRINNING FACE}"  # four bytes, and a token has one at least
_CUT = " [...] "
SHORTEST = 40  # characters that are left of a text at least
ANSWER = "Instruction: {instruction}\n\nInput: {input}\nOutput:"
INDUCTION = f"{{demonstrations}}\n\n{PREFIX}"
INITIAL_REQUEST = """\
You are an expert in formulating instructions that guide a chatbot to produce specific outputs from given inputs.

{about}Below are examples of a hidden task. Each pairs an input with the output that a chatbot gave when it followed one
instruction:

{examples}

Write {count} distinct instructions, each of which would lead the chatbot to these outputs.
{requirements}- Vary style, structure and complexity: some short, some detailed, some that define the output's form.
- Formulate high-level guiding principles that hold for every input of this kind; never quote or mention the examples.
{form}"""
_BEGINNING = f'Begin each with "{PREFIX}".'
_ONE_LINE = "- Write one instruction per line, numbered from 1 to {count}, and nothing else."
_SEVERAL_LINES = (
    f"- An instruction may have several lines. Put a line with {SEPARATOR} after each, and write nothing else."
)

PARAPHRASE = """\
Below is an instruction. Write another one that means the same in other words.
{requirements}

Instruction: {instruction}
Variation:"""


_PLACEHOLDER = re.compile(r"\{([^{}\n]+)\}")


@dataclass(frozen=True)
class FilledPrompt:
    """A prompt with its instruction, ready to paste; ``{input}`` or the input's columns stand where an input goes.

    Args:
        text: all of it, as one text.
        messages: the same as chat messages.
        stop: the texts at which an answer ends.
    """

    text: str
    messages: tuple[Message, ...]
    stop: tuple[str, ...]


@dataclass(frozen=True)
class AnswerPrompt:
    """The prompt by which a model carries out an instruction: what is optimised is what is used.

    In every text {instruction}, {input} and the names of the input's columns, in braces, are filled in.

    >>> prompt = AnswerPrompt("{subject}: {body}", system="{instruction}", stop=("\\n",))
    >>> request = prompt.request("Route it.", Example("...", ("x",), {"subject": "Hi", "body": "My bill"}))
    >>> [message.content for message in request.messages], request.stop
    (['Route it.', 'Hi: My bill'], ('\\n',))

    Args:
        template: the user's message.
        system: the system message before it, if there is to be one.
        messages: the whole conversation instead of these two.
        stop: texts at which the answer ends.
    """

    template: str = ANSWER
    system: str | None = None
    messages: tuple[Message, ...] = ()
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.messages and (self.system is not None or self.template != ANSWER):
            raise ValueError("Expected task.prompt with messages, or with template and system, but got both")
        if "instruction" not in self.placeholders:
            raise ValueError("Expected {instruction} in task.prompt but it stands nowhere")
        if not self.placeholders - {"instruction"}:
            raise ValueError("Expected {input}, or columns of it, in task.prompt but there are none")
        if not all(self.stop):
            raise ValueError("Expected texts in task.prompt.stop but got an empty one")

    @property
    def placeholders(self) -> set[str]:
        """Everything that stands in braces."""
        return {name for message in self._chat for name in _PLACEHOLDER.findall(message.content)}

    def text(self, instruction: str, example: Example) -> str:
        """All of it as one text, as a model that takes no messages gets it."""
        return as_text(self._filled(instruction, _values(example)))

    def request(self, instruction: str, example: Example, max_tokens: int = 64) -> Request:
        """The instruction on one example."""
        filled = self._filled(instruction, _values(example))
        return Request(as_text(filled), max_tokens, messages=filled if self._is_chat else (), stop=self.stop)

    def filled(self, instruction: str) -> FilledPrompt:
        """Everything but the input, ready to paste."""
        messages = self._filled(instruction, {})
        text = messages[0].content if not self._is_chat else "\n\n".join(f"[{m.role}]\n{m.content}" for m in messages)
        return FilledPrompt(text, messages, self.stop)

    @property
    def _is_chat(self) -> bool:
        """Whether it is more than one message of the user."""
        return bool(self.messages) or self.system is not None

    @property
    def _chat(self) -> tuple[Message, ...]:
        system = () if self.system is None else (Message("system", self.system),)
        return self.messages or (*system, Message("user", self.template))

    def _filled(self, instruction: str, values: Mapping[str, str]) -> tuple[Message, ...]:
        known = {**values, "instruction": instruction}
        return tuple(Message(message.role, fill(message.content, known)) for message in self._chat)


def as_text(messages: Sequence[Message]) -> str:
    """The messages as one text."""
    return "\n\n".join(message.content for message in messages)


def _values(example: Example) -> dict[str, str]:
    return {"input": example.input, **example.fields}


def fill(template: str, values: Mapping[str, str]) -> str:
    """Replaces each ``{name}`` of ``values`` once; braces inside the values, and other names, stay as they are.

    >>> fill("{a} and {b}", {"a": "{b}", "b": "x"})
    '{b} and x'
    """
    return _PLACEHOLDER.sub(lambda name: values.get(name[1], name[0]), template)


def answer_prompt(instruction: str, text: str, template: str = ANSWER) -> str:
    """The prompt by which a model carries out ``instruction`` on the input ``text``."""
    return fill(template, {"instruction": instruction, "input": text})


def demonstrate(examples: Sequence[Example], max_characters: int = MAX_CHARACTERS) -> str:
    """Input-output pairs, a blank line between them; the longest texts lose their middle where all are too long."""
    pairs = [(example.input, example.outputs[0]) for example in examples]
    most = fair_limit([len(text) for pair in pairs for text in pair], max_characters)
    return "\n\n".join(f"Input: {shorten(text, most)}\nOutput: {shorten(output, most)}" for text, output in pairs)


def fair_limit(lengths: Sequence[int], total: int) -> int:
    """The length to which the longest texts must be cut so that all together are not longer than ``total``.

    >>> fair_limit([10, 20, 500, 900], 330), fair_limit([10, 20], 330)
    (150, 330)
    """
    left = total
    for n_done, length in enumerate(sorted(lengths)):
        share = left // (len(lengths) - n_done)
        if length > share:
            return share
        left -= length
    return total


def shorten(text: str, most: int) -> str:
    """A text of at most ``most`` characters (but 40): its beginning and its end, cut at blanks where there are some.

    >>> shorten("one two three four five six seven eight nine ten", 44)
    'one two three four five [...] nine ten'
    """
    most = max(most, SHORTEST)
    if len(text) <= most:
        return text
    n_end = (most - len(_CUT)) // 3
    beginning, end = text[: most - len(_CUT) - n_end], text[-n_end:]
    beginning, _, _ = beginning.rpartition(" ") if " " in beginning[len(beginning) // 2 :] else (beginning, "", "")
    _, _, end = end.partition(" ") if " " in end[: len(end) // 2] else ("", "", end)
    return f"{beginning.rstrip()}{_CUT}{end.lstrip()}"


def induction_prompt(
    examples: Sequence[Example], max_characters: int = MAX_CHARACTERS, template: str = INDUCTION
) -> str:
    """Demonstrations, then the words after which a model writes the instruction (INSTINCT's form, unless named)."""
    return fill(template, {"demonstrations": demonstrate(examples, max_characters), "count": str(len(examples))})


def initial_request(
    examples: Sequence[Example],
    count: int,
    *,
    labels: Sequence[str] = (),
    about: Sequence[str] = (),
    requirements: Sequence[str] = (),
    in_own_words: bool = False,
    several_lines: bool = False,
    max_characters: int = MAX_CHARACTERS,
) -> str:
    """The structured request of section A.1 for ``count`` instructions.

    Args:
        examples: the demonstrations.
        count: how many instructions.
        labels: all outputs there are, where they are a small closed set.
        about: sentences on the task and its audience.
        requirements: sentences that every instruction has to obey.
        in_own_words: whether instructions may begin in any way, as those in another language must.
        several_lines: whether an instruction may have several lines.
        max_characters: of the demonstrations.
    """
    named = [f"The output is always one of: {', '.join(labels)}. Name them all where that helps."] if labels else []
    wanted = [*([] if in_own_words else [_BEGINNING]), *named, *requirements]
    values = {
        "about": "".join(f"{sentence}\n" for sentence in about) + ("\n" if about else ""),
        "examples": demonstrate(examples, max_characters),
        "requirements": "".join(f"- {sentence}\n" for sentence in wanted),
        "form": _SEVERAL_LINES if several_lines else fill(_ONE_LINE, {"count": str(count)}),
        "count": str(count),
    }
    return fill(INITIAL_REQUEST, values)


def paraphrase_request(
    instruction: str, requirements: Sequence[str] = (), *, in_own_words: bool = False, template: str = PARAPHRASE
) -> str:
    """Requests the same instruction in other words (APE's move from a good instruction to its neighbours)."""
    form = "Write nothing else." if in_own_words else f'Begin it with "{PREFIX}", and write nothing else.'
    return fill(template, {"instruction": instruction, "requirements": " ".join([*requirements, form])})


def require_fields(name: str, template: str, fields: Sequence[str]) -> None:
    """Checks that a template has a place for each field.

    Raises:
        ValueError: it lacks one.
    """
    for field in fields:
        if f"{{{field}}}" not in template:
            raise ValueError(f"Expected a {name} with {{{field}}} but got {template!r}")


def draw_demonstrations(
    pool: Sequence[Example], count: int, generator: random.Random, *, cover_labels: bool = False
) -> list[Example]:
    """``count`` different demonstrations, or all where there are fewer.

    With ``cover_labels``, and where outputs are a small closed set, each label is shown twice or more: as often as any
    other while there are examples of it, and more than ``count`` are drawn where that takes more.
    """
    labels = closed_labels(pool) if cover_labels else ()
    if not labels:
        return generator.sample(list(pool), min(count, len(pool)))
    return _balanced(pool, n_shown(pool, count), generator)


def n_shown(pool: Sequence[Example], count: int) -> int:
    """Returns how many demonstrations cover the labels of a small closed set, twice each; else ``count``."""
    return min(max(count, 2 * len(closed_labels(pool))), len(pool))


def _balanced(pool: Sequence[Example], count: int, generator: random.Random) -> list[Example]:
    """In a random order, one of each label in turn."""
    by_label = defaultdict(list)
    for example in generator.sample(list(pool), len(pool)):
        by_label[label_of(example)].append(example)
    turns = [
        (turn, generator.random(), example)
        for label in sorted(by_label)
        for turn, example in enumerate(by_label[label])
    ]
    drawn = [example for _, _, example in sorted(turns, key=lambda entry: entry[:2])[:count]]
    generator.shuffle(drawn)
    return drawn
