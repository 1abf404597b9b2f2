"""The data set of landscapes: what many wordings of one instruction score with many models, reshaped as it arrives."""

from __future__ import annotations

import json
from typing import Any

from duet.examples.example import TaskError

EXAMPLES = 100  # that each accuracy is of


def reshape(content: bytes, task: str, benchmark: str, where: str) -> bytes:
    """The published file in fewer words: models once, in order, and a list of accuracies for each wording.

    Args:
        content: ``{"paraphrases": {number: {"template", "correct", "accs": {model: accuracy}, ...}}}``.
        task: its name.
        benchmark: what it belongs to, BBH or LMentry.
        where: for the error.

    Raises:
        TaskError: it has another form.
    """
    try:
        wordings = list(json.loads(content)["paraphrases"].values())
        models = sorted({model for wording in wordings for model in wording["accs"]})
        record = {
            "task": task,
            "benchmark": benchmark,
            "examples": EXAMPLES,
            "models": models,
            "instructions": [_instruction(wording, models) for wording in wordings],
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TaskError(f"{where}: expected wordings with their accuracies but found another form") from error
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")


def _instruction(wording: dict[str, Any], models: list[str]) -> dict[str, Any]:
    accuracies = [wording["accs"].get(model) for model in models]
    return {"template": wording["template"], "correct": wording["correct"], "accuracy": accuracies}
