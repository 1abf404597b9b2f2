"""What is exported: valid for the tools that take it, and it gives back the prompt letter for letter."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest
import yaml

from duet.reporting.export import as_dspy, as_messages, as_promptfoo, as_text, nunjucks
from duet.reporting.runs import read_run
from duet.reporting.untrusted import NotReportable
from tests.reporting.conftest import MakeRun

TRICKY = "Say \"{{x}}\", {% if %}, {# c #}, {a: {b}} and \\n\n''' -- ünïcode 城 {"
PROMPT: dict[str, Any] = {
    "text": f"Be kind.\n\n{TRICKY}\nInput: {{input}}\nOutput:",
    "messages": [
        {"role": "system", "content": "Be kind."}, {"role": "user", "content": f"{TRICKY}\nInput: {{input}}\nOutput:"},
    ],
}  # fmt: skip
EXAMPLES: list[dict[str, Any]] = [
    {"split": "validation", "input": "v", "expected": ["w"]},
    {"split": "test", "input": "a {{b}}", "expected": ["c", '"d" {{e}} {input}']},
    {"split": "test", "input": "file:///etc/hosts", "expected": ["x"]},
]


def rendered(template: str, variable: str) -> str:
    """What Nunjucks makes of the only two forms that are written: the variable, and a brace as a literal."""
    assert not re.search(r"\{[%#]", re.sub(r"\{\{ (input|\"\{\") \}\}", "", template))
    values = {"input": variable, '"{"': "{"}
    return re.sub(r"\{\{ (input|\"\{\") \}\}", lambda found: values[found[1]], template)


def test_text_and_messages_are_those_of_the_run(make_run: MakeRun) -> None:
    run = read_run(make_run("a", best_prompt=PROMPT))
    assert as_text(run) == f"{PROMPT['text']}\n"
    assert json.loads(as_messages(run)) == PROMPT["messages"]


@pytest.mark.parametrize("key", ["evaluation", "scoring"])
def test_a_run_of_an_earlier_version_gets_its_prompt_from_the_template(make_run: MakeRun, key: str) -> None:
    template = {"search": {key: {"template": "Do this: {instruction}\n{input} ->"}}}
    run = read_run(make_run("a", settings=template, best_instruction="Keep {braces}."))
    assert as_text(run) == "Do this: Keep {braces}.\n{input} ->\n"
    assert json.loads(as_messages(run)) == [{"role": "user", "content": "Do this: Keep {braces}.\n{input} ->"}]


def test_a_run_that_recorded_no_prompt_says_so(make_run: MakeRun) -> None:
    with pytest.raises(NotReportable, match=r"expected best_prompt in result.json or search.evaluation.template"):
        as_text(read_run(make_run("a")))


def test_promptfoo_gets_the_messages_the_model_and_the_test_examples(make_run: MakeRun) -> None:
    run = read_run(make_run("a", best_prompt=PROMPT, model="gpt-4o", metric="f1", examples=EXAMPLES))
    text = as_promptfoo(run)
    config = yaml.safe_load(text)
    assert text.startswith("# Duet scored by f1;")
    assert set(config) == {"description", "prompts", "providers", "tests"}
    assert config["providers"] == ["openai:chat:gpt-4o"]
    [prompt] = config["prompts"]
    assert set(prompt) == {"id", "label", "raw"}
    filled = [{**each, "content": rendered(each["content"], "IN")} for each in json.loads(prompt["raw"])]
    assert filled == [{**each, "content": each["content"].replace("{input}", "IN")} for each in PROMPT["messages"]]


def test_promptfoo_accepts_what_the_run_accepts_and_opens_no_file(make_run: MakeRun) -> None:
    config = yaml.safe_load(as_promptfoo(read_run(make_run("a", best_prompt=PROMPT, examples=EXAMPLES))))
    [test] = config["tests"]
    assert test["vars"] == {"input": "a {{b}}"}
    [check] = test["assert"]
    assert check["type"] == "javascript"
    accepted, call = rendered(check["value"], "?").rsplit(".includes(", 1)
    assert (json.loads(accepted), call) == (["c", '"d" {{e}} {input}'], "output.trim())")


def test_without_test_examples_the_validation_examples_are_the_tests(make_run: MakeRun) -> None:
    config = yaml.safe_load(as_promptfoo(read_run(make_run("a", best_prompt=PROMPT, examples=EXAMPLES[:1]))))
    assert [test["vars"]["input"] for test in config["tests"]] == ["v"]


@pytest.mark.parametrize("text", ["{{{{", "{", "a{", "{{% raw %}", "{% endraw %}", "{#", "{ {", "{input}{input}{"])
def test_braces_come_back_as_they_were(text: str) -> None:
    assert rendered(nunjucks(text), "IN") == text.replace("{input}", "IN")


def test_the_dspy_snippet_is_python_with_the_instruction_letter_for_letter(make_run: MakeRun) -> None:
    run = read_run(make_run("a", best_instruction=TRICKY, model="gpt-4o", examples=EXAMPLES))
    tree = ast.parse(as_dspy(run))
    values = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert ast.literal_eval(values["instruction"]) == TRICKY
    assert ast.unparse(values["signature"]) == "dspy.Signature('input -> output', instruction)"
    assert ast.unparse(values["predict"]) == "dspy.Predict(signature)"
    assert "dspy.LM('openai/gpt-4o')" in as_dspy(run)
