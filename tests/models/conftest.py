"""A tiny random Llama with a character tokenizer, saved as a folder that transformers loads."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, processors

_SPECIAL = ["<pad>", "<s>", "</s>", "<user>", "<answer>"]
_CHARACTERS = string.ascii_letters + string.digits + " .,:!?\n"
CHAT_TEMPLATE = "{{ bos_token }}{% for m in messages %}<user>{{ m['content'] }}{% endfor %}<answer>"


def make_model(folder: Path, chat_template: str | None = None, width: int = 32) -> str:
    """Saves the model; 4 layers, 128 positions, weights large enough for varied texts."""
    vocabulary = {token: index for index, token in enumerate([*_SPECIAL, *_CHARACTERS])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.add_special_tokens(_SPECIAL)
    tokenizer.decoder = decoders.Fuse()
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    wrap: Any = transformers.PreTrainedTokenizerFast
    fast = wrap(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    fast.chat_template = chat_template
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=4,
        num_attention_heads=4,
        max_position_embeddings=128,
        initializer_range=0.3,
        bos_token_id=1,
        eos_token_id=2,
    )
    model: Any = transformers.LlamaForCausalLM(config)
    model.generation_config.update(do_sample=True, temperature=0.6, top_p=0.5, repetition_penalty=1.5)
    model.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a model without a chat template."""
    return make_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tiny_chat(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of the same model with a chat template."""
    return make_model(tmp_path_factory.mktemp("tiny_chat"), CHAT_TEMPLATE)


@pytest.fixture(scope="session")
def wide(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a model of width 64, which 4 bit needs on a CPU."""
    return make_model(tmp_path_factory.mktemp("wide"), width=64)
