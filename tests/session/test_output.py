"""The lines that a run prints."""

from __future__ import annotations

import queue
import threading
from io import BytesIO

import pytest
from tensorboard.summary.writer.event_file_writer import _AsyncWriterThread  # type: ignore[import-untyped]
from tensorboard.summary.writer.record_writer import RecordWriter  # type: ignore[import-untyped]

from duet.session.output import our_lines


def fail(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "is_shown"), [(OSError(28, "No space left on device"), False), (KeyError("x"), True)]
)
def test_a_thread_that_can_not_write_shows_no_traceback(
    error: BaseException, is_shown: bool, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer of the curves fails in a thread of its own, and again where the run sees it."""
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)  # pytest has one of its own
    with our_lines():
        thread = threading.Thread(target=fail, args=(error,))
        thread.start()
        thread.join()
    assert ("Traceback" in capfd.readouterr().err) == is_shown
    assert threading.excepthook is threading.__excepthook__


def test_a_signal_while_a_point_is_handed_to_the_writer_of_the_curves_shows_no_traceback(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    points: queue.Queue[bytes] = queue.Queue()
    points._put(b"a point")  # and not counted, as by a put that a signal ends
    with our_lines():
        thread = _AsyncWriterThread(points, RecordWriter(BytesIO()), 1)
        thread.start()
        thread.join()
    assert isinstance(thread.exception, ValueError)
    assert capfd.readouterr().err == ""
