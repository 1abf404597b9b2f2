"""A file is replaced whole or not at all, and no name beside it can lead the write astray."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import pytest

from duet import atomic_files
from duet.atomic_files import ABANDONED, replace_text, replacing

ROOT = Path(__file__).parent.parent
KILLED_WHILE_WRITING = """
import os, signal, sys
from pathlib import Path
from duet.atomic_files import replacing
with replacing(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_file_has_the_new_content_and_missing_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    for text in ("old", "é\ud800"):
        replace_text(path, text)
    assert path.read_text(encoding="utf-8") == "é?"
    assert names(path.parent) == ["b.txt"]


def test_the_file_has_the_rights_that_any_new_file_has(tmp_path: Path) -> None:
    replace_text(tmp_path / "a.txt", "new")
    (tmp_path / "b.txt").touch()
    rights = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in names(tmp_path)}
    assert rights["a.txt"] == rights["b.txt"]


def test_a_failing_write_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    replace_text(path, "old")
    with pytest.raises(TypeError), replacing(path) as file:
        file.writelines([b"ne", None])  # type: ignore[list-item]
    assert (path.read_text(), names(tmp_path)) == ("old", ["a.txt"])


def test_kill_9_in_the_middle_of_a_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    replace_text(path, "old")
    command = [sys.executable, "-c", KILLED_WHILE_WRITING, str(path)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -9
    assert path.read_text() == "old"
    [partial] = set(names(tmp_path)) - {"a.txt"}
    assert (tmp_path / partial).read_bytes() == b"half"


def test_what_a_killed_writer_has_left_goes_with_the_next_write_an_hour_later(tmp_path: Path) -> None:
    dead, alive, other = (tmp_path / name for name in (".a.txt.1.partial", ".a.txt.2.partial", ".b.txt.1.partial"))
    for path, age in ((dead, ABANDONED + 60), (alive, 0), (other, ABANDONED + 60)):
        path.write_text("half")
        os.utime(path, (time.time() - age,) * 2)
    replace_text(tmp_path / "a.txt", "new")
    assert names(tmp_path) == [alive.name, other.name, "a.txt"]


def test_a_link_at_the_partial_files_name_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic_files, "uuid4", lambda: UUID(int=0))  # an attacker's luckiest guess
    victim = tmp_path / "victim.txt"
    victim.write_text("precious")
    (tmp_path / f".a.txt.{'0' * 12}.partial").symlink_to(victim)
    with pytest.raises(FileExistsError):
        replace_text(tmp_path / "a.txt", "new")
    assert victim.read_text() == "precious"


def test_a_link_at_the_targets_name_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim.txt", tmp_path / "a.txt"
    victim.write_text("precious")
    path.symlink_to(victim)
    replace_text(path, "new")
    assert (victim.read_text(), path.read_text(), path.is_symlink()) == ("precious", "new", False)


def test_two_writers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with replacing(path) as first, replacing(path) as second:
        first.write(b"a" * 9)
        second.write(b"b" * 5)
    assert path.read_bytes() == b"a" * 9
    assert names(tmp_path) == ["a.txt"]


def test_the_disk_has_the_file_before_it_takes_the_targets_name_and_then_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for name in ("fsync", "replace"):

        def noted(*arguments: object, name: str = name, original: object = getattr(os, name)) -> object:
            calls.append(name)
            assert callable(original)
            return original(*arguments)

        monkeypatch.setattr(os, name, noted)
    replace_text(tmp_path / "a.txt", "new")
    assert calls == ["fsync", "replace", "fsync"]
