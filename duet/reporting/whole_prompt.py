"""The whole prompt of a run's best instruction, ready to paste, with ``{input}`` where the input goes."""

from __future__ import annotations

from duet.reporting.run_result import Prompt
from duet.reporting.runs import Run
from duet.reporting.untrusted import NotReportable

TEMPLATES = ("search.evaluation.template", "search.scoring.template")  # the second in runs of earlier versions
INPUT = "{input}"


def whole_prompt(run: Run) -> Prompt:
    """The prompt that result.json has; for a run that didn't record it, from the template among its settings.

    Raises:
        NotReportable: neither is known.
    """
    if run.result.best_prompt is not None:
        return run.result.best_prompt
    template = next((run.settings[name] for name in TEMPLATES if name in run.settings), None)
    if not isinstance(template, str):
        raise NotReportable(f"{run.folder}: expected best_prompt in result.json or {TEMPLATES[0]} in config.yaml")
    before, found, after = template.partition("{instruction}")
    text = f"{before}{run.result.best_instruction}{after}" if found else template
    return Prompt(text, ({"role": "user", "content": text},))
