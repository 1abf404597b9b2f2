"""Who may import whom: five leaves, one middle, one top, no circle (docs/pattern.md)."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Package, or a part with a rule of its own -> what of ours it may import, besides itself.
MODELS = {
    "duet.models.base", "duet.models.endpoint", "duet.models.errors", "duet.models.metering", "duet.models.prices",
}  # fmt: skip
MAY_IMPORT: dict[str, set[str]] = {
    "lightning_modules": set(),
    "datamodules": {"duet.pool"},
    "callbacks": {
        "datamodules", "lightning_modules", "duet.amounts", "duet.atomic_files", "duet.engine", "duet.messages",
        "duet.metrics", "duet.pool", "duet.reporting.records",
    },
    "duet.pool": {"duet.evaluation"},
    "duet.prompts": {"duet.models.base", "duet.examples"},
    "duet.features": {"duet.examples", "duet.metrics", "duet.pool", "duet.prompts", *MODELS},
    "duet.metrics": {"duet.messages", "duet.models.base", "duet.examples", "duet.threads"},  # a judge makes requests
    "duet.tasks": {"duet.atomic_files", "duet.examples", "duet.exit_codes", "duet.metrics", "duet.prompts"},
    "duet.examples": set(),
    "duet.reporting": {"duet.amounts", "duet.atomic_files", "duet.config_files"},
    "duet.models": {
        "duet.interrupts", "duet.models.network", "duet.models.open_model", "duet.threads", *MODELS,
    },
    "duet.models.base": {"duet.models.endpoint"},
    "duet.models.endpoint": {"duet.models.prices"},
    "duet.models.errors": set(),
    "duet.models.metering": {"duet.models.base", "duet.models.errors"},
    "duet.models.network": {
        "duet.models.base", "duet.models.endpoint", "duet.models.errors", "duet.models.metering",
        "duet.models.reasoning",
    },
    "duet.models.open_model": {"duet.models.base", "duet.models.errors", "duet.threads"},
    "duet.models.prices": set(),
    "duet.models.reasoning": set(),
    "duet.spending": {"duet.amounts", "duet.interrupts", *MODELS},
    "duet.evaluation": {"duet.examples", "duet.metrics", "duet.prompts", "duet.tasks", *MODELS},
    "duet.proposals": {"duet.bounds", "duet.examples", "duet.pool", "duet.prompts", "duet.tasks", *MODELS},
    "duet.strategies": {
        "duet.bounds",
        "duet.evaluation", "duet.examples", "duet.features", "duet.pool", "duet.prompts", "duet.proposals",
        "duet.tasks", *MODELS,
    },
    "duet.engine": {
        "duet.atomic_files", "duet.evaluation", "duet.examples", "duet.features", "duet.messages", "duet.metrics",
        "duet.pool",
        "duet.prompts", "duet.proposals", "duet.reporting.pareto", "duet.reporting.records",
        "duet.spending", "duet.strategies", "duet.tasks", *MODELS,
    },
    "duet.benchmark": {
        "duet.config_files", "duet.exit_codes", "duet.messages", "duet.reporting.runs", "duet.spending.cache_file",
    },
    "duet.amounts": set(),
    "duet.atomic_files": set(),
    "duet.bounds": set(),
    "duet.config_files": set(),
    "duet.exit_codes": {"duet.models.errors"},
    "duet.interrupts": set(),
    "duet.messages": set(),
    "duet.run_lock": set(),
    "duet.threads": set(),
    "duet.session": {  # what both doors share
        "callbacks", "datamodules", "lightning_modules", "duet.amounts", "duet.atomic_files", "duet.config_files",
        "duet.engine", "duet.evaluation", "duet.messages", "duet.run_lock", "duet.reporting", "duet.spending",
        "duet.strategies", "duet.tasks", "duet.threads", *MODELS,
    },
    "duet.api": {  # the Python door
        "duet.config_files", "duet.engine", "duet.interrupts", "duet.metrics", "duet.models", "duet.reporting",
        "duet.session", "duet.spending", "duet.strategies", "duet.tasks", *MODELS,
    },
    "duet.commands": {  # the command line's
        "datamodules", "lightning_modules", "duet.amounts", "duet.atomic_files", "duet.benchmark",
        "duet.config_files", "duet.engine", "duet.exit_codes", "duet.interrupts", "duet.messages",
        "duet.metrics.registry", "duet.models.inspection", "duet.models.providers",  # the help lists names
        "duet.run_lock",
        "duet.reporting", "duet.session", "duet.spending", "duet.strategies", "duet.tasks", *MODELS,
    },
    "duet": {"duet.api", "duet.spending", "duet.tasks"},
    "duet.__main__": {"duet.commands"},
    "cli": {"duet.commands"},
    "embedded_model": {
        "duet.evaluation", "duet.examples", "duet.metrics", "duet.models", "duet.prompts", "duet.proposals",
        "duet.tasks",
    },
}  # fmt: skip
MAY_NOT_IMPORT: dict[str, set[str]] = {
    "duet.engine": {"lightning", "transformers", "openai"},
    "duet.evaluation": {"lightning", "transformers", "openai"},
    "duet.features": {"lightning", "transformers", "openai"},
    "duet.metrics": {"lightning", "transformers", "openai"},
    "duet.models": {"lightning"},
    "duet.pool": {"lightning", "transformers", "openai"},
    "duet.proposals": {"lightning", "transformers", "openai"},
    "duet.reporting": {"torch", "lightning", "torchmetrics", "transformers", "openai"},
    "duet.spending": {"lightning", "transformers", "openai"},
    "duet.strategies": {"lightning", "transformers", "openai"},
    "duet.tasks": {"lightning", "transformers", "openai"},
}
EMPTY_NAMES = {"utils", "util", "common", "helpers", "core", "types", "misc"}
MORE_THAN_A_DOCSTRING = {
    "duet/__init__.py",  # what a Python user imports, each at its first use
    "embedded_model/phrasings/__init__.py",  # joins its modules' tables, which are all that it is for
}


def room_names() -> list[str]:
    return sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))


def sources() -> list[Path]:
    return [
        *sorted(ROOT.glob("*.py")),
        *(path for room in room_names() for path in sorted((ROOT / room).rglob("*.py"))),
    ]


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(tree: ast.AST) -> Iterator[str]:
    """Every name that is imported anywhere in a module: ``from a.b import c`` is ``a.b.c``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"Expected no relative import but got one in line {node.lineno}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def lies_in(name: str, places: set[str]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


def rule_for(module: str) -> str:
    """The most special entry of the table."""
    return max((place for place in MAY_IMPORT if lies_in(module, {place})), key=len)


def imports(path: Path) -> list[str]:
    return list(imports_of(ast.parse(path.read_text(encoding="utf-8"))))


def test_every_room_has_a_rule() -> None:
    assert set(room_names()) <= set(MAY_IMPORT)


@pytest.mark.parametrize("path", sources(), ids=module_of)
def test_a_module_imports_only_what_its_room_may(path: Path) -> None:
    rule = rule_for(module_of(path))
    ours = [name for name in imports(path) if lies_in(name, set(MAY_IMPORT))]
    assert [name for name in ours if not lies_in(name, MAY_IMPORT[rule] | {rule})] == []


@pytest.mark.parametrize("room", MAY_NOT_IMPORT)
def test_a_room_is_free_of_the_packages_that_are_not_its_business(room: str) -> None:
    paths = [path for path in sources() if lies_in(module_of(path), {room})]
    found = {module_of(path): [name for name in imports(path) if lies_in(name, MAY_NOT_IMPORT[room])] for path in paths}
    assert {module: names for module, names in found.items() if names} == {}


def test_nothing_imports_the_recipe_of_the_embedded_model() -> None:
    outside = [path for path in sources() if not lies_in(module_of(path), {"embedded_model"})]
    assert [
        module_of(path) for path in outside if any(lies_in(name, {"embedded_model"}) for name in imports(path))
    ] == []


def test_the_rules_have_no_circle() -> None:
    TopologicalSorter({rule: {rule_for(place) for place in may} for rule, may in MAY_IMPORT.items()}).prepare()


def test_the_rooms_have_no_circle() -> None:
    graph: dict[str, set[str]] = {}
    for path in sources():
        rule = rule_for(module_of(path))
        ours = {rule_for(name) for name in imports(path) if lies_in(name, set(MAY_IMPORT))}
        graph.setdefault(rule, set()).update(ours - {rule})
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("path", [path for path in sources() if path.name == "__init__.py"], ids=module_of)
def test_a_package_says_what_it_is_and_no_more(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    if path.relative_to(ROOT).as_posix() not in MORE_THAN_A_DOCSTRING:
        assert len(tree.body) == 1


def test_every_folder_of_modules_is_a_package() -> None:
    assert [
        str(path) for path in sources() if path.parent != ROOT and not (path.parent / "__init__.py").is_file()
    ] == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [str(path) for path in sources() if {*path.relative_to(ROOT).with_suffix("").parts} & EMPTY_NAMES] == []


def test_the_distribution_holds_every_room() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {*room_names()} - {"embedded_model"} == set(wheel["only-include"])


@pytest.mark.parametrize("module", ["duet", "duet.tasks.task", "duet.tasks.download", "duet.commands.main", "cli"])
def test_a_light_module_does_not_load_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    ("users", "found"),
    [
        ({}, "PASSIVE 1000"),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE None"),
        ({"GOMP_SPINCOUNT": "7"}, "PASSIVE 7"),
    ],
)
def test_threads_hardly_spin_before_they_sleep_unless_the_user_says_otherwise(
    users: dict[str, str], found: str
) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")}
    code = (
        "import duet, os, sys; assert 'torch' not in sys.modules;"
        "print(os.environ['OMP_WAIT_POLICY'], os.environ.get('GOMP_SPINCOUNT'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=kept | users, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == found


def test_the_name_callbacks_is_this_repositorys_package() -> None:
    import callbacks

    assert callbacks.__file__ == str(ROOT / "callbacks" / "__init__.py")
