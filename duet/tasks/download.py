"""Fetch and check published data. Nothing that lies in the user's folder is changed or removed."""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from duet.atomic_files import replacing
from duet.examples.example import TaskError
from duet.exit_codes import BAD_INPUT, DONE, PROVIDER
from duet.tasks.landscapes import reshape
from duet.tasks.manifest import PUBLISHED_TASKS, SETS, ManifestFile, manifest_files, origin
from duet.tasks.web import Unreachable, WrongFile, get_with_retries

BASE_URL = "https://raw.githubusercontent.com"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")


@dataclass(frozen=True)
class Summary:
    """The state of the folder.

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


def verify(directory: str | Path, data_set: str = PUBLISHED_TASKS) -> Summary:
    """Compare a folder with the manifest.

    Raises:
        TaskError: the folder isn't there.
    """
    folder = Path(directory).expanduser()
    if not folder.is_dir():
        raise TaskError(f"--directory: expected a folder but found nothing usable at {folder}")
    found = [_check(folder, file) for file in manifest_files(data_set)]
    problems = tuple(problem for problem in found if problem)
    return Summary(len(found) - len(problems), problems=problems)


def download(
    directory: str | Path,
    base_url: str = BASE_URL,
    data_set: str = PUBLISHED_TASKS,
    *,
    wait: Callable[[float], object] = time.sleep,
) -> Summary:
    """Fetch what is missing; what is there and right is skipped, so a second call continues where the first one ended.

    Args:
        directory: the folder to fill; it is made if need be.
        base_url: the server; its paths are those of raw.githubusercontent.com.
        data_set: which set to fetch.
        wait: called with the seconds to wait before a further try.

    Raises:
        TaskError: the folder can't be made or written.
    """
    folder = Path(directory).expanduser()
    n_ok, n_fetched, problems = 0, 0, []
    for file in manifest_files(data_set):
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
    """Returns what is wrong with a file, in one line; None if nothing is."""
    path = folder / file.name
    try:
        return _difference(path.read_bytes(), file, str(path))
    except (FileNotFoundError, IsADirectoryError):
        return f"{path}: expected a file of {file.size} bytes but found none"
    except OSError as error:
        return f"{path}: expected a readable file but found: {error.strerror}"


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
    least = file.size if file.benchmark is None else 0
    content = get_with_retries(url, file.most_bytes, wait, least)
    if file.benchmark is not None:
        content = _reshaped(content, file, url)
    problem = _difference(content, file, url)
    if problem:
        raise WrongFile(problem)
    with replacing(path) as stream:
        stream.write(content)
    return True


def _reshaped(content: bytes, file: ManifestFile, url: str) -> bytes:
    try:
        return reshape(content, Path(file.name).stem, file.benchmark or "", url)
    except TaskError as error:
        raise WrongFile(str(error)) from error


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The subcommands ``download`` and ``verify`` with their options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="{download,verify}")
    for action, text in (
        ("download", "Fetch published data; existing files are kept."),
        ("verify", "Compare a folder with the published files."),
    ):
        subparser = actions.add_parser(action, help=text, description=text)
        subparser.add_argument("--directory", required=True, help="The folder of the files.")
        subparser.add_argument(
            "--set",
            dest="data_set",
            choices=tuple(SETS),
            default=PUBLISHED_TASKS,
            help="instruction-induction: the 30 published tasks (60 files, 12 MB); "
            "landscapes: accuracies of many wordings of 15 tasks with many models (15 files, 1 MB). "
            "Default: %(default)s",
        )


def run(namespace: argparse.Namespace) -> int:
    """Do what ``add_arguments`` parsed; returns the exit code: 0 done, 2 bad folder or files, 3 network unusable."""
    data_set = namespace.data_set
    try:
        if namespace.action == "download":
            summary = download(namespace.directory, data_set=data_set)
        else:
            summary = verify(namespace.directory, data_set)
    except TaskError as error:
        print(_printable(str(error)), file=sys.stderr)
        return BAD_INPUT
    for problem in summary.problems:
        print(_printable(problem), file=sys.stderr)
    total = len(manifest_files(data_set))
    print(f"{summary.n_ok} of {total} files are right, {summary.n_fetched} fetched now ({origin(data_set)})")
    return summary.exit_code


def _printable(text: str) -> str:
    """One line that moves no cursor, whatever a server or a folder is called."""
    return _CONTROL.sub("?", text)
