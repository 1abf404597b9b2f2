"""With an API as black box and no white box named, the small embedded model plays no part."""

from __future__ import annotations

import pytest

from duet.models.ngram_encoder import NGramEncoder
from duet.session.duet_cli import planned
from duet.session.output import quiet
from duet.session.without_toy import lacks_white_box

API = ["--config=models/openai", "--task.name=second_letter"]
VICUNA = "duet.models.huggingface_white_box.HuggingFaceWhiteBox"


def test_an_api_alone_is_not_helped_by_the_toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    quiet()
    search = planned(API).search
    assert isinstance(search.white_box, NGramEncoder)
    assert not search.strategy.requirements.writing
    assert "candidates" in [part.name for part in search.estimate().parts]


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["--task.name=second_letter"], {}),  # the toy does the task itself
        ([*API, f"--white_box={VICUNA}"], {}),
        ([*API, "--white_box.init_args.model", "gpt2"], {}),
        ([*API, "--config=models/vicuna"], {}),
        ([*API, "--config=models/no_white_box"], {}),
        ([*API, "--black_box=duet.models.fakes.HashingBlackBox"], {}),
        (API, {"white_box": object()}),
    ],
)
def test_what_is_named_is_used(arguments: list[str], given: dict[str, object]) -> None:
    assert not lacks_white_box(arguments, given)
