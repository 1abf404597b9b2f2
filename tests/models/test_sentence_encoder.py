from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from duet.models.errors import ProviderError
from duet.models.sentence_encoder import SentenceEncoder

TEXTS = ["reverse it", "a", "", "Sort the words by their last letter."]


@pytest.fixture(scope="module")
def folder(tiny: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny random BERT without a pooler, as a masked model saves it."""
    folder = tmp_path_factory.mktemp("bert")
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(Path(tiny) / file, folder)
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=100, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=48, initializer_range=0.3,
    )  # fmt: skip
    model: Any = transformers.BertForMaskedLM(config)
    model.save_pretrained(folder)
    return str(folder)


def test_states_are_the_mean_of_transformers_last_states(folder: str) -> None:
    model: Any = transformers.BertModel.from_pretrained(folder, add_pooling_layer=False)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        expected = model(tokenizer("sort it", return_tensors="pt")["input_ids"]).last_hidden_state[0].mean(dim=0)
    torch.testing.assert_close(SentenceEncoder(folder).encode(["sort it"]).states[0], expected, atol=1e-5, rtol=0.0)


@pytest.mark.parametrize("tokens", [1, 30, 16384])
def test_a_batch_encodes_as_one_by_one(folder: str, tokens: int) -> None:
    encoder = SentenceEncoder(folder, batch_tokens=tokens)
    alone = [encoder.encode([text]).states[0] for text in TEXTS]
    torch.testing.assert_close(encoder.encode(TEXTS).states, torch.stack(alone), atol=1e-5, rtol=0.0)


def test_an_empty_text_has_zero_states_and_no_tokens(folder: str) -> None:
    encoding = SentenceEncoder(folder).encode(["", "ab"])
    assert encoding.token_counts.tolist() == [0, 2]
    assert torch.equal(encoding.states[0], torch.zeros(32))
    assert encoding.states[1].norm() > 0


def test_the_end_of_a_text_that_does_not_fit_is_cut_off(folder: str) -> None:
    encoder = SentenceEncoder(folder)  # 48 tokens, one of them the start token
    torch.testing.assert_close(encoder.encode(["a" * 47 + "b" * 20]).states, encoder.encode(["a" * 47]).states)


def test_no_texts_have_no_features(folder: str) -> None:
    encoder = SentenceEncoder(folder)
    assert encoder.encode([]).states.shape == (0, encoder.hidden_size)


def test_a_missing_model_is_named() -> None:
    with pytest.raises(ProviderError, match=r"No such model: '\./missing'"):
        SentenceEncoder("./missing").encode(["a"])
