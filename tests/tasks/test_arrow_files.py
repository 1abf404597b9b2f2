"""Parquet and Arrow files, and folders as Hugging Face ``datasets`` writes them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from duet.examples.example import Example, TaskError
from duet.tasks.readers import FileFormat, read_examples

pa = pytest.importorskip("pyarrow", reason="needs the extra parquet")
LABELLED = FileFormat("text", "label")
FEATURES = {"text": {"_type": "Value"}, "label": {"_type": "ClassLabel", "names": ["neg", "pos"]}}
EXPECTED = (Example("good", ("pos",)), Example("bad", ("neg",)))


def labelled(*rows: tuple[str, int]) -> Any:
    """A table as ``datasets`` keeps it: numbers whose names stand in the schema."""
    table = pa.table(
        {"id": list(range(len(rows))), "text": [row[0] for row in rows], "label": [row[1] for row in rows]}
    )
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": FEATURES}})})


def saved(folder: Path, table: Any) -> None:
    """As ``save_to_disk``: a stream of batches, and a list of the files."""
    folder.mkdir(parents=True)
    with pa.ipc.new_stream(str(folder / "data-00000-of-00001.arrow"), table.schema) as stream:
        stream.write_table(table, max_chunksize=1)
    state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_split": None}
    (folder / "state.json").write_text(json.dumps(state))


def parquet(path: Path, table: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pytest.importorskip("pyarrow.parquet").write_table(table, path)
    return path


TWO = (("good", 1), ("bad", 0))


def test_a_parquet_file_gives_the_names_of_its_labels(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", labelled(*TWO))
    assert read_examples(path, LABELLED) == (EXPECTED, 2)


def test_numbers_and_lists_become_texts(tmp_path: Path) -> None:
    table = pa.table({"Input": [1, 2], "output": [["a", "b"], ["c"]]})
    assert read_examples(parquet(tmp_path / "a.parquet", table))[0] == (Example("1", ("a", "b")), Example("2", ("c",)))


def test_a_saved_data_set_and_one_of_several_splits_are_read(tmp_path: Path) -> None:
    saved(tmp_path / "one", labelled(*TWO))
    assert read_examples(tmp_path / "one", LABELLED) == (EXPECTED, 2)
    saved(tmp_path / "more" / "train", labelled(*TWO))
    saved(tmp_path / "more" / "test", labelled(("fine", 1)))
    (tmp_path / "more" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    assert read_examples(tmp_path / "more", LABELLED, "train") == (EXPECTED, 2)
    assert read_examples(tmp_path / "more", LABELLED, "test")[0] == (Example("fine", ("pos",)),)


def test_a_folder_of_the_hub_is_read_by_the_names_of_its_files(tmp_path: Path) -> None:
    for number, row in enumerate(TWO):
        parquet(tmp_path / "data" / f"train-0000{number}-of-00002.parquet", labelled(row))
    (tmp_path / "dev.csv").write_text("text,label\nx,neg\n")
    (tmp_path / "README.md").write_text("training")
    assert read_examples(tmp_path, LABELLED, "train") == (EXPECTED, 2)
    assert read_examples(tmp_path, LABELLED, "validation")[0] == (Example("x", ("neg",)),)
    with pytest.raises(
        TaskError, match=r"the split 'test', but found a folder with README.md, data, dev.csv; name a file as"
    ):
        read_examples(tmp_path, LABELLED, "test")


def test_a_file_with_a_footer_is_an_arrow_file_too(tmp_path: Path) -> None:
    table = labelled(*TWO)
    with pa.ipc.new_file(str(tmp_path / "a.arrow"), table.schema) as file:
        file.write_table(table)
    assert read_examples(tmp_path / "a.arrow", LABELLED) == (EXPECTED, 2)


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_a_broken_file_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"no such thing")
    with pytest.raises(TaskError, match=rf"{name}: expected a readable {name[2:]} file but found: "):
        read_examples(tmp_path / name)


def test_a_missing_column_lists_all_that_are_there(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", labelled(*TWO))
    with pytest.raises(TaskError, match=r"row 1: expected a column 'input' but found 'id', 'text', 'label'"):
        read_examples(path)


def test_without_pyarrow_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(TaskError, match=r"pip install pyarrow\) or save the data as JSONL or CSV"):
        read_examples(tmp_path / "a.parquet")
