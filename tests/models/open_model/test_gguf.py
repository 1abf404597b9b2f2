"""A small GGUF file, written here, read by transformers as black box and white box."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from duet.models.base import Completion, Request
from duet.models.errors import ProviderError
from duet.models.huggingface_black_box import HuggingFaceBlackBox
from duet.models.huggingface_white_box import HuggingFaceWhiteBox
from duet.models.inspection import inspect_open_model
from duet.models.open_model import gguf as gguf_files
from duet.models.open_model.causal_lm import load_causal_lm
from duet.models.open_model.checkpoints import LoadOptions

gguf: Any = pytest.importorskip("gguf", reason="the extra gguf is not installed")
NORMAL, CONTROL = 1, 3  # kinds of tokens
NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip


def gguf_name(name: str) -> str:
    """A weight's name in llama.cpp's convention."""
    base = name.removesuffix(".weight")
    if base in NAMES:
        return f"{NAMES[base]}.weight"
    _, _, number, part = base.split(".", 3)
    return f"blk.{number}.{NAMES[part]}.weight"


def as_llama_cpp(name: str, weight: torch.Tensor, heads: int) -> np.ndarray[Any, Any]:
    """A weight in llama.cpp's layout, in which the halves of each head of q and k are interleaved."""
    values = weight.float()
    if name.endswith(("q_proj.weight", "k_proj.weight")):
        rows, columns = values.shape
        values = values.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)
    return np.ascontiguousarray(values.numpy())


def write_gguf(folder: str, path: Path, quantised: bool = False) -> None:
    """Writes the model of a folder, and its tokenizer, as one GGUF file, with its matrices in 8 bit if so wished."""
    model: Any = transformers.LlamaForCausalLM.from_pretrained(folder)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder)
    config = model.config
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(config.vocab_size)
    tokens = tokenizer.convert_ids_to_tokens(list(range(config.vocab_size)))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    tokens[4] = "qz"  # as the format wants a merge; the model's own tokenizer has none
    writer.add_token_merges(["q z"])
    writer.add_token_list(["\u0120" if token == " " else "\u010a" if token == "\n" else token for token in tokens])
    writer.add_token_types([CONTROL if token.startswith("<") else NORMAL for token in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)
    for name, weight in model.state_dict().items():
        values, kind = as_llama_cpp(name, weight, config.num_attention_heads), gguf.GGMLQuantizationType.Q8_0
        if quantised and values.ndim == 2:
            writer.add_tensor(gguf_name(name), gguf.quants.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(gguf_name(name), values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture(scope="module")
def file(tiny: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    write_gguf(tiny, path)
    return str(path)


def test_the_weights_of_a_file_are_those_of_the_folder_that_it_was_written_from(file: str, tiny: str) -> None:
    read, written = (
        load_causal_lm(LoadOptions(file)).model.state_dict(),
        load_causal_lm(LoadOptions(tiny)).model.state_dict(),
    )
    assert read.keys() == written.keys()
    assert all(torch.equal(read[name].float(), written[name].float()) for name in written)


def test_a_file_answers_and_is_read(file: str, tiny: str) -> None:
    requests = [Request("sort: b a", max_tokens=8), Request("x", max_tokens=20)]
    answers = HuggingFaceBlackBox(file).complete(requests)
    assert answers == HuggingFaceBlackBox(tiny).complete(requests)
    assert all(isinstance(answer, Completion) for answer in answers)
    box, folder = HuggingFaceWhiteBox(file), HuggingFaceWhiteBox(tiny)
    assert torch.equal(box.encode(["sort"]).states, folder.encode(["sort"]).states)
    assert box.generate(["sort"], seeds=[0], max_new_tokens=7) == folder.generate(["sort"], seeds=[0], max_new_tokens=7)


def test_a_quantised_file_is_read_nearly_as_what_it_was_made_of(tiny: str, tmp_path: Path) -> None:
    write_gguf(tiny, tmp_path / "q8.gguf", quantised=True)
    box, folder = HuggingFaceWhiteBox(str(tmp_path / "q8.gguf")), HuggingFaceWhiteBox(tiny)
    read, written = box.encode(["sort"]).states, folder.encode(["sort"]).states
    assert not torch.equal(read, written)
    assert torch.nn.functional.cosine_similarity(read, written).item() > 0.999
    assert len(box.generate(["sort"], seeds=[0], max_new_tokens=4)[0]) > 0


def test_the_identity_is_the_files_content_and_not_its_place(file: str, tmp_path: Path) -> None:
    copy = tmp_path / "tiny.gguf"
    copy.write_bytes(Path(file).read_bytes())
    (tmp_path / "other.gguf").write_bytes(b"GGUF")
    assert HuggingFaceBlackBox(str(copy)).identity == HuggingFaceBlackBox(file).identity
    assert HuggingFaceBlackBox(file).identity.startswith("huggingface:tiny.gguf@")


def test_a_file_is_inspected_without_loading_it(file: str, tiny: str) -> None:
    found, folder = inspect_open_model({"model": file}), inspect_open_model({"model": tiny})
    assert found is not None
    assert folder is not None
    assert found.parameters == folder.parameters
    assert inspect_open_model({"model": "nobody/no-such-model:no.gguf"}) is None


@pytest.mark.parametrize(
    ("model", "said"),
    [("missing.gguf", "there is no file 'missing.gguf'"), ("no/such/place/x.gguf", "on the Hub it is OWNER/NAME:FILE")],
)
def test_a_file_that_is_not_there_is_one_line(
    model: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProviderError, match=said):
        HuggingFaceBlackBox(model).complete([Request("a")])


def test_what_is_no_gguf_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"PK")
    with pytest.raises(ProviderError, match="is not a GGUF file"):
        HuggingFaceBlackBox(str(tmp_path / "x.gguf")).complete([Request("a")])


def test_a_file_that_breaks_off_is_one_line(file: str, tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(Path(file).read_bytes()[:200])
    with pytest.raises(ProviderError, match="Can't load the model") as caught:
        HuggingFaceBlackBox(str(tmp_path / "x.gguf")).complete([Request("a")])
    assert "\n" not in str(caught.value)


def test_without_the_package_it_says_what_to_install(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf_files, "find_spec", lambda name: None)
    with pytest.raises(ProviderError, match=r"pip install 'duet-instructions\[gguf\]'"):
        HuggingFaceBlackBox(file).complete([Request("a")])


def test_a_precision_beside_the_files_own_is_refused() -> None:
    with pytest.raises(ValueError, match="whose precision is its own"):
        LoadOptions("x.gguf", load_in_8bit=True)
