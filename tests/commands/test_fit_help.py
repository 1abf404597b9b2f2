"""The help that people see first: short, at once, and true."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

from duet.commands import fit_help
from duet.commands.early_check import KEYS, is_known
from duet.config_files import shipped_configs
from duet.models.base import AbstractBlackBox, AbstractEncoder

ROOT = Path(__file__).parents[2]
OPTIONS = [option.split()[0][2:] for options in fit_help.GROUPS.values() for option in options]


def model_class(name: str) -> type:
    module, _, found = f"duet.models.{name}".rpartition(".")
    return vars(import_module(module))[found]  # type: ignore[no-any-return]


def test_the_short_help_has_about_twenty_options_within_eighty_columns() -> None:
    assert 18 <= len(OPTIONS) <= 24
    assert [line for line in fit_help.text().splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("option", [option for option in OPTIONS if option != "config"])
def test_every_option_of_the_short_help_is_one_of_fit(option: str) -> None:
    assert is_known(option)
    assert option in KEYS or f"{option.partition('.')[0]}.*" in KEYS or f"{option}.*" in KEYS


def test_all_models_and_methods_that_can_be_named_are_listed() -> None:
    text = fit_help.text()
    named = [name.removesuffix(".yaml") for name in shipped_configs() if name.startswith(("models/", "methods/"))]
    assert [name for name in named if f"  {name}" not in text] == []
    for name in fit_help.BLACK_BOXES:
        assert issubclass(model_class(name), AbstractBlackBox)
    for name in fit_help.WHITE_BOXES:
        assert issubclass(model_class(name), AbstractEncoder)


def test_the_short_help_comes_at_once_and_without_torch() -> None:
    program = "import sys; from duet.commands import main; main.main(['fit', '-h']); assert 'torch' not in sys.modules"
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert time.monotonic() - started < 2
    assert done.stdout == fit_help.text()
    assert done.stderr == ""
