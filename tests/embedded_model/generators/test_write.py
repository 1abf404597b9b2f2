from __future__ import annotations

from pathlib import Path

import pytest

from duet.tasks.task import Task, own_tasks
from embedded_model.generators import write
from embedded_model.generators.families import BY_NAME, UNSEEN


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write.write(folder)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.json"))}


def test_what_ships_is_what_is_written(written: Path) -> None:
    assert list(files(written)) == list(files(write.FOLDER))
    assert files(written) == files(write.FOLDER)


def test_the_tasks_of_our_own_are_those_that_ship() -> None:
    assert own_tasks() == sorted(write.OWN_TASKS)
    assert len(set(write.OWN_TASKS)) == 28


@pytest.mark.parametrize("name", write.OWN_TASKS)
def test_a_task_of_our_own_loads_with_its_metric_and_no_input_twice(name: str) -> None:
    task = Task(name)
    assert (task.metric_name, task.notes) == ((BY_NAME | UNSEEN)[name].metric, ())
    assert task.test is not None
    assert (len(task.train), len(task.test)) == (300, 100)
    inputs = [example.input.strip() for example in (*task.train, *task.test)]
    assert len(set(inputs)) == 400


def test_the_seed_decides_what_is_drawn() -> None:
    family = BY_NAME["reverse_word"]
    assert write.draw_examples(family) == write.draw_examples(family, 0) != write.draw_examples(family, 1)


def test_several_accepted_outputs_are_a_list() -> None:
    rows = write.draw_examples(BY_NAME["negation"])
    assert {type(row["output"]) for row in rows} == {str, list}
