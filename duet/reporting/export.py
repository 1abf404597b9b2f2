"""A run's best prompt for use elsewhere: as text, as chat messages, for promptfoo, and for DSPy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import yaml

from duet.reporting.run_files import ShownExample
from duet.reporting.runs import Run
from duet.reporting.whole_prompt import INPUT, whole_prompt

_BEFORE_TAG = re.compile(r"\{(?=[{%#]|$)")


def as_text(run: Run) -> str:
    """The whole prompt, with ``{input}`` where the input goes."""
    return whole_prompt(run).text.rstrip("\n") + "\n"


def as_messages(run: Run) -> str:
    """The whole prompt as chat messages (JSON), with ``{input}`` where the input goes."""
    return json.dumps(list(whole_prompt(run).messages), indent=2, ensure_ascii=False) + "\n"


def as_promptfoo(run: Run) -> str:
    """A promptfooconfig.yaml: the prompt, the model, and the run's examples as tests.

    Prompts are Nunjucks templates there (promptfoo.dev/docs/configuration/prompts). A prompt that is JSON is taken as
    chat messages, whose texts are filled in one by one, and variables are left as they are.
    """
    messages = [{**message, "content": nunjucks(message.get("content", ""))} for message in whole_prompt(run).messages]
    prompt = {"id": "duet-best", "label": "best instruction", "raw": json.dumps(messages, ensure_ascii=False)}
    config = {
        "description": f"{run.task}: the best instruction that Duet found",
        "prompts": [prompt],
        "providers": [f"openai:chat:{run.model or 'MODEL'}"],
        "tests": [_promptfoo_test(example) for example in _tests(run)],
    }
    head = (
        f"# Duet scored by {run.metric or 'a metric that the run did not record'}; these assertions want an accepted\n"
        "# answer, word for word. Set the provider to the model that you use, then: promptfoo eval\n"
    )
    return head + yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=1000)


def _tests(run: Run) -> list[ShownExample]:
    """The test examples, or the validation examples; promptfoo would open a variable that begins with ``file://``."""
    tests = [example for example in run.examples if example.split == "test"]
    chosen = tests or [example for example in run.examples if example.split == "validation"]
    return [example for example in chosen if not example.input.startswith("file://")]


def _promptfoo_test(example: ShownExample) -> dict[str, Any]:
    accepted = json.dumps([text.strip() for text in example.expected], ensure_ascii=False)
    check = f"{_literal(accepted)}.includes(output.trim())"
    return {"vars": {"input": example.input}, "assert": [{"type": "javascript", "value": check}]}


def nunjucks(text: str) -> str:
    """The text as a Nunjucks template: ``{input}`` becomes a variable, and what looks like a tag is written literally.

    >>> nunjucks("{input}: {{x}} {% if %}")
    '{{ input }}: {{ "{" }}{x}} {{ "{" }}% if %}'
    """
    return "{{ input }}".join(map(_literal, text.split(INPUT)))


def _literal(text: str) -> str:
    return _BEFORE_TAG.sub('{{ "{" }}', text)


def as_dspy(run: Run) -> str:
    """A Python snippet: a dspy.Signature with the best instruction, and a predictor."""
    model = f"openai/{run.model or 'MODEL'}"
    return (
        "# DSPy formats inputs and outputs in its own way, so scores may differ: evaluate before you rely on it.\n"
        "import dspy\n\n"
        f"instruction = {run.result.best_instruction!r}\n"
        'signature = dspy.Signature("input -> output", instruction)\n'
        "predict = dspy.Predict(signature)\n\n"
        'if __name__ == "__main__":\n'
        f"    dspy.configure(lm=dspy.LM({model!r}))\n"
        f"    print(predict(input={_example_input(run.examples)!r}).output)\n"
    )


def _example_input(examples: Sequence[ShownExample]) -> str:
    return next((example.input for example in examples), "your input")


FORMATS: dict[str, Callable[[Run], str]] = {
    "text": as_text, "messages": as_messages, "promptfoo": as_promptfoo, "dspy": as_dspy,
}  # fmt: skip
