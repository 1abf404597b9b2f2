"""The error of a bad task."""

from duet.examples.example import TaskError


def test_a_task_error_is_one_line_whatever_it_quotes() -> None:
    assert "\n" not in str(TaskError("train.csv: found 'a\nb'"))
    assert isinstance(TaskError("x"), ValueError)
