"""Landscapes in the published and in the reshaped form."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from duet.examples.example import TaskError
from duet.tasks.landscapes import reshape
from duet.tasks.manifest import LANDSCAPES, ManifestFile, manifest_files, origin


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"paraphrases": []}', b'{"paraphrases": {"1": {"template": "x"}}}', b"[" * 100_000, b"\xff"],
)
def test_another_form_is_one_line(content: bytes) -> None:
    with pytest.raises(TaskError, match=r"^here: expected wordings with their accuracies but found another form$"):
        reshape(content, "t", "BBH", "here")


def test_the_facts_name_source_and_licence() -> None:
    assert origin(LANDSCAPES) == ("github.com/SLAB-NLP/Multi-Prompt-LLM-Evaluation at 04f57ef4d5, CDLA-Permissive-2.0")
    sources = {file.source.split("/", 3)[3] for file in manifest_files(LANDSCAPES)}
    assert "data/paraphrases accuracies and rankings (aggregated)/BBH/snarks.json" in sources
    assert len(sources) == 15


@pytest.mark.parametrize("file", manifest_files(LANDSCAPES), ids=lambda file: file.name)
def test_the_published_form_of_every_landscape_reshapes_to_the_hash_of_the_manifest(
    file: ManifestFile, landscapes: Path
) -> None:
    content = (landscapes / file.name).read_bytes()
    known = json.loads(content)
    published = {
        str(number): {
            "template": row["template"],
            "method": "rephrase",
            "correct": row["correct"],
            "accs": dict(reversed([*zip(known["models"], row["accuracy"], strict=True)])),
            "ranks": {},
        }
        for number, row in enumerate(known["instructions"], start=1)
    }
    again = reshape(
        json.dumps({"paraphrases": published}, indent=2).encode(), known["task"], known["benchmark"], "here"
    )
    assert again == content
    assert (hashlib.sha256(again).hexdigest(), len(again), len(published)) == (file.sha256, file.size, file.examples)
    assert file.benchmark == known["benchmark"]
