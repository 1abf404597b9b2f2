"""Fetch and check the 30 published tasks. Nothing that lies in the user's folder is changed or removed."""

from __future__ import annotations

import argparse
import hashlib
import http.client
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from duet.atomic_files import replacing
from duet.exit_codes import BAD_INPUT, DONE, PROVIDER
from duet.tasks.example import TaskError
from duet.tasks.manifest import ManifestFile, manifest_files, origin

BASE_URL = "https://raw.githubusercontent.com"
TIMEOUT = 30.0  # seconds without a byte
WAITS = (1.0, 2.0, 4.0)  # seconds between the tries
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


class Unreachable(Exception):
    """The server doesn't answer, or not with files, after every try."""


class WrongFile(Exception):
    """The server answers, but not with the published file."""


@dataclass(frozen=True)
class Summary:
    """What lies in the folder now.

    Args:
        n_ok: files that are there and right, the fetched ones included.
        n_fetched: files that this call fetched.
        problems: one line per file that is missing or wrong.
        unreachable: True if the network stopped the download.
    """

    n_ok: int
    n_fetched: int = 0
    problems: tuple[str, ...] = ()
    unreachable: bool = False

    @property
    def exit_code(self) -> int:
        """0 all right, 2 a file is missing or wrong, 3 the network is unusable."""
        return PROVIDER if self.unreachable else BAD_INPUT if self.problems else DONE


def verify(directory: str | Path) -> Summary:
    """Compare a folder with the manifest.

    Raises:
        TaskError: the folder isn't there.
    """
    folder = Path(directory).expanduser()
    if not folder.is_dir():
        raise TaskError(f"--directory: expected a folder but found nothing usable at {folder}")
    found = [_check(folder, file) for file in manifest_files()]
    problems = tuple(problem for problem in found if problem)
    return Summary(len(found) - len(problems), problems=problems)


def download(
    directory: str | Path, base_url: str = BASE_URL, *, wait: Callable[[float], object] = time.sleep
) -> Summary:
    """Fetch what is missing; what is there and right is skipped, so a second call goes on where the first one ended.

    Args:
        directory: the folder to fill; it is made if need be.
        base_url: the server; its paths are those of raw.githubusercontent.com.
        wait: called with the seconds to wait before a further try.

    Raises:
        TaskError: the folder can't be made or written.
    """
    folder = Path(directory).expanduser()
    n_ok, n_fetched, problems = 0, 0, []
    for file in manifest_files():
        try:
            (folder / file.name).parent.mkdir(parents=True, exist_ok=True)
            n_fetched += _fetch_missing(folder, file, base_url, wait)
            n_ok += 1
        except WrongFile as error:
            problems.append(str(error))
        except Unreachable as error:
            return Summary(n_ok, n_fetched, (*problems, str(error)), unreachable=True)
        except OSError as error:
            raise TaskError(
                f"--directory: expected {folder / file.name} to be writable but found: {error.strerror}"
            ) from error
    return Summary(n_ok, n_fetched, tuple(problems))


def _check(folder: Path, file: ManifestFile) -> str | None:
    """What is wrong with a file, in one line; None if nothing is."""
    path = folder / file.name
    if not path.is_file():
        return f"{path}: expected a file of {file.size} bytes but found none"
    return _difference(path.read_bytes(), file, str(path))


def _difference(content: bytes, file: ManifestFile, where: str) -> str | None:
    found = hashlib.sha256(content).hexdigest()
    if found == file.sha256:
        return None
    return (
        f"{where}: expected {file.size} bytes with sha256 {file.sha256[:12]}... "
        f"but found {len(content)} with {found[:12]}..."
    )


def _fetch_missing(folder: Path, file: ManifestFile, base_url: str, wait: Callable[[float], object]) -> bool:
    """True if the file was fetched, False if it lay there already."""
    path = folder / file.name
    if path.exists():
        problem = _check(folder, file)
        if problem:
            raise WrongFile(f"{problem}; move it away to fetch it again")
        return False
    url = f"{base_url}/{quote(file.source)}"
    content = _get_with_retries(url, file.size, wait)
    problem = _difference(content, file, url)
    if problem:
        raise WrongFile(problem)
    with replacing(path) as stream:
        stream.write(content)
    return True


def _get_with_retries(url: str, size: int, wait: Callable[[float], object]) -> bytes:
    for seconds in (*WAITS, None):
        try:
            return _get(url, size)
        except urllib.error.HTTPError as error:
            if error.code in (404, 410):
                raise WrongFile(f"{url}: expected a file but the server has none (HTTP {error.code})") from error
            problem, transient = f"HTTP {error.code} {error.reason}", error.code in _TRANSIENT
        except (OSError, http.client.HTTPException) as error:
            problem, transient = str(getattr(error, "reason", "") or error or type(error).__name__), True
        if not transient or seconds is None:
            break
        wait(seconds)
    raise Unreachable(f"{url}: expected a file but the server is unusable: {problem}")


def _get(url: str, size: int) -> bytes:
    """The body, cut one byte after the expected size.

    Raises:
        http.client.IncompleteRead: the connection ended early.
    """
    with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
        content: bytes = response.read(size + 1)
        announced = int(response.headers.get("Content-Length") or 0)
    if len(content) < min(announced, size):
        raise http.client.IncompleteRead(content, announced - len(content))
    return content


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The subcommands ``download`` and ``verify`` with their options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="{download,verify}")
    for action, text in (
        ("download", "Fetch the 30 published tasks (60 files, 12 MB); files that are there already are kept."),
        ("verify", "Compare a folder with the published files."),
    ):
        one = actions.add_parser(action, help=text, description=text)
        one.add_argument("--directory", required=True, help="Folder with induce/ and execute/.")


def run(namespace: argparse.Namespace) -> int:
    """Do what ``add_arguments`` parsed; returns the exit code: 0 done, 2 bad folder or files, 3 network unusable."""
    try:
        summary = download(namespace.directory) if namespace.action == "download" else verify(namespace.directory)
    except TaskError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    for problem in summary.problems:
        print(problem, file=sys.stderr)
    total = len(manifest_files())
    print(f"{summary.n_ok} of {total} files are right, {summary.n_fetched} fetched now ({origin()})")
    return summary.exit_code
