"""Every file under configs/ is accepted as it stands; nothing is loaded to find out."""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, fields
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from duet.config_files import CONFIGS, DEFAULTS, flatten
from duet.pool import Pool
from duet.session import duet_cli
from duet.session.duet_cli import DuetCLI
from duet.session.output import quiet
from duet.strategies.strategy import (
    AbstractStrategy,
    Proposal,
    Requirements,
    RewardPredictor,
    SearchContext,
)

FILES = sorted(path for path in CONFIGS.rglob("*.yaml") if path.parent.name != "benchmarks")
FRAGMENTS = [path for path in FILES if path.parent != CONFIGS]
NOT_OURS = ("trainer", "seed_everything")


class Parsed(DuetCLI):
    """Reads the settings and stops there."""

    def before_instantiate_classes(self) -> None: ...

    def instantiate_classes(self) -> None: ...

    def _run_subcommand(self, subcommand: str) -> None: ...


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quiet()


def settings(*arguments: str) -> dict[str, Any]:
    flat = flatten(Parsed(["--task.name", "second_letter", *arguments]).config.fit.as_dict())
    return {key.replace(".class_path", ""): value for key, value in flat.items()}


def content(path: Path) -> dict[str, Any]:
    flat = flatten(yaml.safe_load(path.read_text(encoding="utf-8")))
    return {key.replace(".class_path", ""): value for key, value in flat.items()}


def name_of(path: Path) -> str:
    return path.relative_to(CONFIGS).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_file_is_read_and_every_value_arrives(path: Path) -> None:
    name = content(path).get("task.name", "second_letter")
    parsed = settings("--config", str(path), "--task.name", name)
    assert {key: parsed[key] for key in content(path)} == content(path)


@pytest.mark.parametrize("path", FRAGMENTS, ids=name_of)
def test_a_fragment_is_short_and_says_what_it_is_for(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    most = 50 if path.stem.endswith("paper") else 7  # what was published is written out in full
    assert 1 <= sum(not line.startswith("#") for line in lines) <= most


def test_each_line_of_the_papers_method_has_its_section_or_is_a_gap() -> None:
    nodes = [line for line in (CONFIGS / "methods" / "paper.yaml").read_text().splitlines() if not line.startswith("#")]
    values = [line for line in nodes if not line.partition("#")[0].rstrip().endswith(":")]
    assert len(values) > 25
    assert all("gap" in line.partition("#")[2] or re.search(r"# .*(\d\.\d|A\.1|Algorithm 1)", line) for line in values)


def test_the_defaults_are_those_of_the_constructors(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {key: value for key, value in content(DEFAULTS[0]).items() if not key.startswith(NOT_OURS)}
    classes = [f"--{name}={listed[name]}" for name in ("black_box", "white_box", "strategy")]
    monkeypatch.setattr(duet_cli, "DEFAULTS", [])
    constructors = settings("--seed_everything=0", *classes)
    assert {key: constructors[key] for key in listed} == listed


def test_every_default_has_its_source() -> None:
    section = ""
    for line in DEFAULTS[0].read_text(encoding="utf-8").splitlines():
        section = line if not line.startswith((" ", "#")) else section
        if line.strip().startswith("#") or line.rstrip().endswith(":") or section.startswith("trainer"):
            continue
        assert "#" in line or "class_path: duet.models" in line, line


def test_the_embedded_models_settings_are_loaded_by_themselves() -> None:
    parsed, wanted = settings(), content(CONFIGS / "models" / "embedded.yaml")
    assert {key: parsed[key] for key in wanted} == wanted
    assert parsed["search.initialisation.mode"] == "sample"


def test_the_paper_setting_undoes_what_the_embedded_model_needs() -> None:
    paper = settings(*(f"--config={CONFIGS / 'models' / name}.yaml" for name in ("openai", "vicuna")))
    default = {
        "search.initialisation.mode": "request",
        "search.initialisation.max_tokens": 4096,
        "search.evaluation.max_tokens": 64,
        "search.extractor.max_new_tokens": 24,
        "strategy.init_args.max_new_tokens": 64,
        "black_box.init_args.model": "gpt-3.5-turbo",
        "proposer.init_args.model": "gpt-4o",
        "white_box.init_args.model": "lmsys/vicuna-13b-v1.5",
        "white_box.init_args.layer": "middle",
    }
    assert {key: paper[key] for key in default} == default


def test_no_key_of_a_provider_can_stand_in_a_file() -> None:
    paper = settings(f"--config={CONFIGS / 'models' / 'openai.yaml'}")
    assert [key for key in paper if "api_key" in key] == []


@pytest.mark.parametrize("name", ["openai", "deepseek", "vllm", "ollama"])
def test_names_of_models_and_endpoints_may_be_given_on_the_command_line(name: str) -> None:
    task, models = (f"--config={CONFIGS / part}.yaml" for part in ("tasks/own_file", f"models/{name}"))
    address = "http://127.0.0.1:1/v1"
    given = ["--black_box.init_args.model", "mine", f"--black_box.init_args.base_url={address}"]
    parsed = settings(task, models, *given)
    assert parsed["black_box"] == "duet.models.openai_black_box.OpenAIBlackBox"
    assert (parsed["black_box.init_args.model"], parsed["black_box.init_args.base_url"]) == ("mine", address)
    assert parsed["search.initialisation.mode"] == "request"


METHODS = [
    path
    for path in FILES
    if path.parent.name == "methods" and "duet.Duet" not in path.read_text() and path.stem != "random_search"
]


@pytest.mark.parametrize("path", METHODS, ids=name_of)
def test_a_baseline_takes_no_setting_from_duets_defaults(path: Path) -> None:
    """Keys of the same name outlive a change of class; a text's length is the white box's business, so all have it."""
    parsed = {key: value for key, value in settings("--config", str(path)).items() if key.startswith("strategy")}
    module, _, name = parsed["strategy"].rpartition(".")
    own = {field.name: field for field in fields(getattr(import_module(module), name)) if field.init}
    for key, field in own.items():
        here = {name for name in content(path) if name.startswith(f"strategy.init_args.{key}")}
        if here or key == "max_new_tokens" or field.default is MISSING:
            continue
        assert parsed[f"strategy.init_args.{key}"] == field.default, key


@dataclass(frozen=True)
class Own(AbstractStrategy):
    """A user's own method, whose settings have the names of Duet's."""

    choose: int = 3
    candidates: int = 5
    beta: float = 7.0
    temperature: float = 0.2
    demonstrations: int = 2

    @property
    def requirements(self) -> Requirements:
        raise NotImplementedError

    def propose(self, pool: Pool, predictor: RewardPredictor | None, context: SearchContext) -> Proposal:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["--strategy=tests.test_configs.Own"], {}),
        (["--config=models/openai", "--strategy", "Own", "--strategy.beta=2"], {"beta": 2.0}),
        (["--strategy", "{class_path: tests.test_configs.Own, init_args: {choose: 8}}"], {"choose": 8}),
        (["--strategy.class_path=tests.test_configs.Own", "--strategy.init_args.candidates=9"], {"candidates": 9}),
    ],
)
def test_a_users_own_method_has_its_own_defaults(arguments: list[str], given: dict[str, Any]) -> None:
    parsed = settings(*arguments)
    found = {field.name: parsed[f"strategy.init_args.{field.name}"] for field in fields(Own)}
    assert found == {**vars(Own()), **given}


class Plain(Own):
    """A method with a constructor of its own."""

    def __init__(self, beta: float = 1.0, width: int = 2, choose: int = 4) -> None:
        super().__init__(choose, beta=beta)
        self.__dict__["width"] = width


def test_a_constructor_of_ones_own_gets_what_its_file_sets(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("strategy: {class_path: tests.test_configs.Plain, init_args: {width: 7}}")
    parsed = settings(f"--config={path}", "--strategy.init_args.choose=5")
    assert {key: parsed[f"strategy.init_args.{key}"] for key in ("beta", "width", "choose")} == {
        "beta": 1.0, "width": 7, "choose": 5,
    }  # fmt: skip


def test_what_two_methods_inherit_from_one_class_is_set_for_both() -> None:
    """Without a white box the black box writes, whichever of the two methods chooses."""
    classes = "duet.strategies.duet.Duet", "duet.strategies.random_search.RandomSearch"
    duet, drawing = (settings("--config=models/openai", f"--strategy={path}") for path in classes)
    assert drawing["strategy"] == classes[1]
    for key in ("candidates", "max_new_tokens", "shares.soft_global", "shares.reflection"):
        assert drawing[f"strategy.init_args.{key}"] == duet[f"strategy.init_args.{key}"]
    assert (duet["strategy.init_args.candidates"], duet["strategy.init_args.shares.soft_global"]) == (24, 0.0)


def test_two_runs_are_told_apart_by_all_their_settings_but_places() -> None:
    arguments = ["--task.name", "second_letter", "--run_dir=runs/x", "--yes", "--search.extractor.fusion=mean"]
    found = Parsed(arguments).settings_of_the_run
    assert found["search.extractor.fusion"] == "mean"
    assert {
        "task.name", "strategy.init_args.acquisition", "search.allocation.kind", "black_box.init_args.model",
        "white_box.init_args.model", "model.weight", "seed_everything",
    } < found.keys()  # fmt: skip
    assert not {key for key in found if key.startswith(("run_dir", "trainer", "config", "yes", "search.cache"))}
