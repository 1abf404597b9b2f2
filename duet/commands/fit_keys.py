"""Writes the keys of ``fit`` to fit_keys.txt, by which a misspelt one is known without torch."""

from __future__ import annotations

from pathlib import Path

from duet.session.duet_cli import DuetCLI
from duet.session.output import quiet

FILE = Path(__file__).with_name("fit_keys.txt")


class ParserOfFit(DuetCLI):
    """Reads the settings of a task and stops there."""

    def __init__(self) -> None:
        super().__init__(["--task.name", "t"])

    def before_instantiate_classes(self) -> None:
        """Nothing."""

    def instantiate_classes(self) -> None:
        """Nothing."""

    def _run_subcommand(self, subcommand: str) -> None: ...


def keys_of_fit() -> list[str]:
    """The keys that the parser knows; ``.*`` stands for all below a class, an object, and Lightning's trainer."""
    quiet()
    actions = ParserOfFit()._subcommand_parsers["fit"]._actions
    options = {name[2:] for action in actions for name in action.option_strings if name.startswith("--")}
    keys = {name for name in options if not name.endswith(("help", "+")) and name not in ("config", "print_config")}
    classes = {name.removesuffix(".help") for name in options if name.endswith(".help")} & keys | {"trainer"}
    classes |= {str(action.dest) for action in actions if "dict[" in str(getattr(action, "_typehint", ""))} & keys
    leaves = {key for key in keys if not any(other.startswith(f"{key}.") for other in keys)} | classes
    return sorted(f"{key}.*" if key in classes else key for key in leaves if not key.startswith("trainer."))


if __name__ == "__main__":
    FILE.write_text("".join(f"{key}\n" for key in keys_of_fit()), encoding="utf-8")
