"""Settings files are found by path, or by the name of one that ships with Duet, from any folder."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from duet.config_files import CONFIGS, config_paths, find_config, read_config, shipped_configs, with_found_configs


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", shipped_configs())
def test_every_shipped_file_is_found_by_its_name_with_and_without_yaml(name: str) -> None:
    assert find_config(name) == find_config(name.removesuffix(".yaml")) == str(CONFIGS / name)


def test_the_names_are_those_that_the_documentation_uses() -> None:
    assert {"quickstart.yaml", "models/openai.yaml", "methods/ape.yaml", "benchmarks/paper.yaml"} <= {
        *shipped_configs()
    }


def test_a_file_at_the_path_wins(folder: Path) -> None:
    (folder / "models").mkdir()
    (folder / "models" / "openai.yaml").touch()
    (folder / "mine").touch()
    assert find_config("models/openai") == find_config("models/openai.yaml") == "models/openai.yaml"
    assert find_config("mine") == "mine"


def test_a_folder_at_the_path_does_not(folder: Path) -> None:
    (folder / "quickstart").mkdir()
    assert find_config("quickstart") == str(CONFIGS / "quickstart.yaml")


def test_a_pipe_is_a_file_too(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    writer = threading.Thread(target=(folder / "pipe").write_text, args=("task: {name: t}",))
    writer.start()
    assert read_config(find_config("pipe")) == {"task": {"name": "t"}}
    writer.join()


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("openai.yaml", "openai.yaml: .*No such file or directory .did you mean models/openai.yaml.."),
        ("configs/models/openai.yaml", "did you mean models/openai.yaml"),
        ("models/opnai", "did you mean models/openai.yaml"),
        ("method/ape.yaml", "did you mean methods/ape.yaml"),
        ("quikstart.yaml", "did you mean quickstart.yaml"),
        ("zzz.yaml", "zzz.yaml: .*No such file or directory$"),
        ("../configs/quickstart.yaml", "did you mean quickstart.yaml"),
    ],
)
def test_a_wrong_name_gets_one_line_with_names_like_it(name: str, line: str) -> None:
    with pytest.raises(ValueError, match=line) as error:
        find_config(name)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("option", ["-c", "--config"])
def test_names_on_a_command_line_become_paths(option: str) -> None:
    path = str(CONFIGS / "quickstart.yaml")
    given = ["fit", option, "quickstart", f"{option}=quickstart.yaml", "--task.name", "quickstart", option]
    found = with_found_configs(given)
    assert found == ["fit", option, path, f"{option}={path}", "--task.name", "quickstart", option]
    assert config_paths(found) == [path, path]
