from __future__ import annotations

from pathlib import Path

import pytest

from duet.session.duet_cli import planned

NAME = "--task.name=second_letter"


@pytest.mark.parametrize(
    ("key", "number", "found"),
    [
        ("min_score", ".nan", "nan"),
        ("model.learning_rate", ".inf", "inf"),
        ("model.beta", "-.inf", "-inf"),
        ("search.budget.max_tokens", "9" * 4000, "a larger one"),
        ("strategy.init_args.choose", ".inf", "inf"),
    ],
)
def test_a_number_in_a_file_that_can_not_be_computed_with_is_refused(
    key: str, number: str, found: str, tmp_path: Path
) -> None:
    path = tmp_path / "settings.yaml"
    *groups, last = key.split(".")
    path.write_text("{" + "".join(f"{group}: {{" for group in groups) + f"{last}: {number}" + "}" * (len(groups) + 1))
    with pytest.raises(ValueError, match=rf"settings.yaml: {key}: expected a number below 10\^18 but got {found}$"):
        planned([NAME, f"--config={path}"])


@pytest.mark.parametrize("number", ["nan", ".nan", "-.inf", "1e999", "9" * 4000])
def test_a_number_of_the_command_line_that_can_not_be_computed_with_is_refused(number: str) -> None:
    with pytest.raises(
        ValueError, match=r": expected (a number below 10\^18|numbers that can be computed with|float) but"
    ):
        planned([NAME, f"--model.learning_rate={number}"])
