"""Parquet and Arrow files, and the folders that Hugging Face ``datasets`` writes. They need the extra ``parquet``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from duet.examples.example import TaskError
from duet.tasks.columns import find_column
from duet.tasks.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa

_ALIASES = {"validation": ("validation", "valid", "dev", "val"), "train": ("train",), "test": ("test",)}
Cells = tuple[Any, int, dict[str, list[str]]]  # a batch, the number of a row in it, the names of class labels
_SUFFIXES = (".parquet", ".arrow", ".jsonl", ".json", ".csv", ".tsv")


def arrow_rows(path: Path, columns: Sequence[str]) -> Rows:
    """The rows of a Parquet or an Arrow file.

    Raises:
        TaskError: pyarrow is missing, or the file can't be read.
    """
    return Rows(enumerate(_cells(path, columns), start=1), _parse, "row")


def files_of(folder: Path, split: str) -> list[Path]:
    """The files of one split of a ``datasets`` folder, as ``save_to_disk`` writes it or as the Hub has it.

    Args:
        folder: with ``state.json`` (one data set), ``dataset_dict.json`` (several), or files named after splits.
        split: ``train``, ``validation`` or ``test``; a folder with one data set only has one for all.

    Raises:
        TaskError: the folder holds no such split.
    """
    if (folder / "state.json").is_file():
        return _shards(folder)
    inner = [folder / name for name in _ALIASES[split]]
    for place in inner:
        if (place / "state.json").is_file():
            return _shards(place)
    names = re.compile(rf"({'|'.join(_ALIASES[split])})(?![a-z])", re.IGNORECASE)
    places = [folder, folder / "data", *inner]
    found = [path for place in places if place.is_dir() for path in sorted(place.iterdir()) if names.match(path.name)]
    files = [path for path in found if path.suffix.lower() in _SUFFIXES]
    if not files:
        inside = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
        raise TaskError(
            f"{folder}: expected a file that ends in .jsonl or .csv, or a datasets folder with the split {split!r}, "
            f"but found a folder with {inside}; name a file as task.{split}_file"
        )
    return files


def _shards(folder: Path) -> list[Path]:
    """The files that ``state.json`` lists."""
    try:
        listed = json.loads((folder / "state.json").read_text(encoding="utf-8"))["_data_files"]
        return [folder / Path(str(entry["filename"])).name for entry in listed]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TaskError(f"{folder / 'state.json'}: expected a list of '_data_files' but found another form") from error


def _cells(path: Path, columns: Sequence[str]) -> Iterator[Cells]:
    try:
        import pyarrow as pa
    except ModuleNotFoundError as error:
        raise TaskError(
            f"{path}: expected pyarrow to read it but it is not installed; "
            "install it (pip install pyarrow) or save the data as JSONL or CSV"
        ) from error
    try:
        yield from _read(path, columns)
    except (OSError, pa.ArrowException) as error:
        raise TaskError(f"{path}: expected a readable {path.suffix[1:]} file but found: {error}") from error


def _read(path: Path, columns: Sequence[str]) -> Iterator[Cells]:
    import pyarrow as pa
    from pyarrow import parquet

    if path.suffix.lower() == ".parquet":
        with parquet.ParquetFile(path) as file:
            wanted = _wanted(file.schema_arrow, columns)
            yield from _rows(file.iter_batches(columns=wanted), file.schema_arrow)
        return
    with pa.memory_map(str(path)) as source:
        try:
            batches, schema = iter(reader := pa.ipc.open_stream(source)), reader.schema
        except pa.ArrowInvalid:  # a file with a footer, as Feather has it
            file = pa.ipc.open_file(source)
            batches, schema = (file.get_batch(index) for index in range(file.num_record_batches)), file.schema
        yield from _rows((batch.select(_wanted(schema, columns)) for batch in batches), schema)


def _wanted(schema: pa.Schema, columns: Sequence[str]) -> list[str]:
    """The columns that are read; all where one is missing, so that the error can list them."""
    found = [find_column(schema.names, column) for column in columns]
    return list(schema.names) if None in found else [name for name in found if name is not None]


def _rows(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[Cells]:
    names = _class_names(schema)
    return ((batch, index, names) for batch in batches for index in range(batch.num_rows))


def _parse(_: str, cells: Cells) -> dict[str, Any]:
    batch, index, names = cells
    columns = zip(batch.schema.names, batch.columns, strict=True)
    return {name: _plain(column[index].as_py(), names.get(name)) for name, column in columns}


def _class_names(schema: pa.Schema) -> dict[str, list[str]]:
    """The names of the numbers in columns of class labels, as ``datasets`` keeps them in the schema."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            key: list(feature["names"]) for key, feature in features.items() if feature.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _plain(value: Any, names: Sequence[str] | None) -> Any:
    """A value as JSON would give it, numbers as texts."""
    if isinstance(value, list):
        return [_plain(item, names) for item in value]
    if names is not None and isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    if isinstance(value, bool) or value is None or isinstance(value, str | dict):
        return value
    return str(value)
