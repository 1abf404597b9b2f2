"""The call cache as a file."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest

from duet.models.base import Completion, Request
from duet.models.fakes import ScriptedBlackBox
from duet.spending.cache_file import CacheStats, cache_stats, is_of_model, patiently, prune, user_cache_path
from duet.spending.cached import CachedBlackBox

DAY = 24 * 60 * 60


def fill(path: Path, identity: str, count: int, created: int | None = None) -> None:
    box = CachedBlackBox(ScriptedBlackBox(lambda request: request.prompt, identity), path)
    box.complete([Request(f"prompt {number}") for number in range(count)])
    connection = sqlite3.connect(path)
    connection.execute("UPDATE completions SET created = ? WHERE identity = ?", (created, identity))
    connection.commit()
    connection.close()


def former(path: Path, count: int) -> None:
    """A file of the first version."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE completions (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
    value = '{"text": "old", "prompt_tokens": 1, "completion_tokens": 1}'
    connection.executemany("INSERT INTO completions VALUES (?, ?)", [(f"{i}", value) for i in range(count)])
    connection.commit()
    connection.close()


def test_a_file_that_is_not_there_holds_nothing_and_is_not_made(tmp_path: Path) -> None:
    assert cache_stats(tmp_path / "none") == []
    assert prune(tmp_path / "none") == 0
    assert list(tmp_path.iterdir()) == []


def test_what_a_cache_holds_is_told_by_model(tmp_path: Path) -> None:
    path = tmp_path / "cache"
    fill(path, "openai:https://a.b/v1:gpt-4", 2, created=10)
    fill(path, "openai:https://a.b/v1:gpt-4o", 3, created=20)
    sizes = {entry.identity: entry.size for entry in cache_stats(path)}
    assert cache_stats(path) == [
        CacheStats("openai:https://a.b/v1:gpt-4o", 3, 0, sizes["openai:https://a.b/v1:gpt-4o"], 20, 20),
        CacheStats("openai:https://a.b/v1:gpt-4", 2, 0, sizes["openai:https://a.b/v1:gpt-4"], 10, 10),
    ]
    assert all(size > 0 for size in sizes.values())


def test_a_file_of_a_former_version_still_answers_and_takes_more(tmp_path: Path) -> None:
    path = tmp_path / "cache"
    former(path, 2)
    box = CachedBlackBox(ScriptedBlackBox(lambda _: "new", "m"), path)
    assert box.complete([Request("a")]) == [Completion("new", 1, 1)]
    assert [(entry.identity, entry.entries) for entry in cache_stats(path)] == [(None, 2), ("m", 1)]
    assert cache_stats(path)[0].oldest is None


def test_old_answers_go_and_those_of_unknown_age_stay(tmp_path: Path) -> None:
    path = tmp_path / "cache"
    former(path, 1)
    fill(path, "old", 3, created=10 * DAY)
    fill(path, "new", 4, created=19 * DAY)
    assert prune(path, older_than_days=5, now=20 * DAY) == 3
    assert {entry.identity: entry.entries for entry in cache_stats(path)} == {None: 1, "new": 4}


def test_the_answers_of_one_model_go(tmp_path: Path) -> None:
    path = tmp_path / "cache"
    for model in ("gpt-4", "gpt-4o", "gpt-4:Be brief."):
        fill(path, f"openai:https://a.b/v1:{model}", 2)
    assert prune(path, model="gpt-4") == 4
    assert [entry.identity for entry in cache_stats(path)] == ["openai:https://a.b/v1:gpt-4o"]
    assert prune(path) == 2
    assert cache_stats(path) == []


def test_pruning_gives_room_back(tmp_path: Path) -> None:
    path = tmp_path / "cache"
    box = CachedBlackBox(ScriptedBlackBox(lambda _: "x" * 100_000), path)
    box.complete([Request(str(number)) for number in range(20)])
    prune(path)
    cache_stats(path)  # the last connection writes the log back
    assert path.stat().st_size < 100_000


@pytest.mark.parametrize(
    ("identity", "model", "expected"),
    [
        ("huggingface:embedded@12ab:float32", "embedded", True), ("huggingface:lmsys/vicuna:float32", "vicuna", False),
        ("huggingface:lmsys/vicuna:float32", "lmsys/vicuna", True), ("a.c", "a+c", False), (None, "m", False),
    ],
)  # fmt: skip
def test_a_model_is_named_in_full(identity: str | None, model: str, expected: bool) -> None:
    assert is_of_model(identity, model) is expected


def test_another_kind_of_file_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "cache"
    path.write_bytes(b"this is no database, but long enough to be one" * 50)
    with pytest.raises(ValueError, match=f"Expected a call cache at {path} but found"):
        cache_stats(path)


@pytest.mark.parametrize(
    ("platform", "place"),
    [("linux", ".cache"), ("darwin", "Library/Caches"), ("win32", "local"), ("sunos5", ".cache")],
)
def test_a_users_cache_lies_where_the_platform_wants_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, place: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "mine"))
    assert user_cache_path() == tmp_path / "mine" / "duet" / "answers.sqlite"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert user_cache_path() == tmp_path / place / "duet" / "answers.sqlite"


@pytest.mark.parametrize("code", ["SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_BUSY_SNAPSHOT"])
def test_a_full_disk_is_waited_for_in_whatever_words(code: str, tmp_path: Path) -> None:
    tries = []

    def store() -> str:
        tries.append(1)
        if len(tries) < 3:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = getattr(sqlite3, code)
            raise error
        return "stored"

    assert patiently(store, tmp_path) == "stored"
