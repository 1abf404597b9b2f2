from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from duet.examples.example import Example
from duet.features import FeatureExtractor, Fusion, encoded, fuse
from duet.models.base import CallFailure, Encoding, Request
from duet.models.errors import ProviderError
from duet.models.fakes import HashingWhiteBox, ScriptedBlackBox
from duet.models.ngram_encoder import NGramEncoder
from duet.pool import Candidate

H = np.array([[1.0, 2.0, 3.0, 5.0], [0.0, -1.0, 2.0, 2.0]])
OUT = np.array([[3.0, 0.0, 1.0, 1.0], [4.0, 4.0, -4.0, 0.0]])
N_H, N_O = np.array([2, 1]), np.array([6, 3])
TEXTS, WORDS = ["Sort it.", "Reverse the word."], ["cat", "dog", "bird"]
INPUTS = [Example(word, ("x",)) for word in WORDS]


def encoding(states: NDArray[np.float64], counts: NDArray[np.int64]) -> Encoding:
    return Encoding(torch.tensor(states, dtype=torch.float32), torch.tensor(counts))


def silent() -> ScriptedBlackBox:
    return ScriptedBlackBox({})


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("output", OUT),
        ("mean", (H + OUT) / 2),
        ("concat", np.concatenate([H, OUT], axis=1)),
        ("adjacent", np.concatenate([H, OUT], axis=1).reshape(2, 4, 2).mean(axis=2)),
        ("tokens", (H * N_H[:, None] + OUT * N_O[:, None]) / (N_H + N_O)[:, None]),
    ],
)
def test_each_fusion_is_what_numpy_says(kind: Fusion, expected: NDArray[np.float64]) -> None:
    fused = fuse(encoding(H, N_H), encoding(OUT, N_O), kind)
    np.testing.assert_allclose(fused.numpy(), expected, rtol=1e-6)


def test_the_literal_rows_of_each_fusion() -> None:
    rows = {kind: fuse(encoding(H, N_H), encoding(OUT, N_O), kind)[0].tolist() for kind in get_args(Fusion)}
    assert rows == {
        "output": [3, 0, 1, 1],
        "mean": [2, 1, 2, 3],
        "concat": [1, 2, 3, 5, 3, 0, 1, 1],
        "adjacent": [1.5, 4, 1.5, 1],
        "tokens": [2.5, 0.5, 1.5, 2],
    }


def test_two_empty_texts_fuse_to_zero() -> None:
    nothing = encoding(np.zeros((1, 4)), np.array([0]))
    assert fuse(nothing, nothing, "tokens").tolist() == [[0, 0, 0, 0]]


@pytest.mark.parametrize("kind", get_args(Fusion))
@pytest.mark.parametrize("outputs", ["white_box", "black_box", "none"])
def test_the_width_is_that_of_the_features(kind: Fusion, outputs: str) -> None:
    extractor = FeatureExtractor(outputs=outputs, fusion=kind)  # type: ignore[arg-type]
    features = extractor.extract(TEXTS, INPUTS, HashingWhiteBox(16), silent()).features
    assert features.shape == (2, extractor.width(16))


def test_without_outputs_the_features_are_the_instructions_states_in_the_prompt() -> None:
    box = HashingWhiteBox(16)
    features = FeatureExtractor(outputs="none", fusion="concat").extract(TEXTS, INPUTS, box, silent()).features
    expected = box.encode([" Sort it.", " Reverse the word."], ["Instruction:", "Instruction:"]).states
    assert torch.equal(features, expected)


def test_the_output_alone_is_the_right_half_of_the_pair() -> None:
    box = HashingWhiteBox(16)
    alone, pair = (
        FeatureExtractor(fusion=kind).extract(TEXTS, INPUTS, box, silent()).features for kind in ("output", "concat")
    )
    assert torch.equal(alone, pair[:, 16:])


def prompt(text: str, word: str) -> str:
    return f"Instruction: {text}\n\nInput: {word}\nOutput:"


def test_the_white_box_answers_the_first_probes_greedily() -> None:
    box, black = HashingWhiteBox(16), silent()
    features = FeatureExtractor(fusion="concat", probes=2, max_new_tokens=5).extract(TEXTS, INPUTS, box, black).features
    for row, text in enumerate(TEXTS):
        prompts = [prompt(text, example) for example in WORDS[:2]]
        each = box.encode(box.generate(prompts, seeds=[0, 0], max_new_tokens=5), prompts)
        weights = each.token_counts.numpy()
        expected = np.average(each.states.numpy(), axis=0, weights=weights)
        np.testing.assert_allclose(features[row, 16:].numpy(), expected, rtol=1e-5, atol=1e-6)
    assert black.requests == []


def test_the_black_box_is_asked_once_for_each_text_and_probe() -> None:
    box = HashingWhiteBox(16)
    black = ScriptedBlackBox(lambda request: "answer")
    features = (
        FeatureExtractor("black_box", "concat", probes=2, max_new_tokens=7).extract(TEXTS, INPUTS, box, black).features
    )
    assert black.requests == [Request(prompt(text, example), 7) for text in TEXTS for example in WORDS[:2]]
    expected = box.encode([" answer"] * 2, [prompt(TEXTS[0], example) for example in WORDS[:2]]).states.mean(dim=0)
    torch.testing.assert_close(features[0, 16:], expected)


def test_a_refused_answer_weighs_nothing() -> None:
    box, refusal = HashingWhiteBox(16), CallFailure("no", kind="refused")
    black = ScriptedBlackBox(lambda r: refusal if "cat" in r.prompt or "Sort" in r.prompt else "answer")
    features = FeatureExtractor("black_box", "concat", probes=2).extract(TEXTS, INPUTS, box, black).features
    assert torch.equal(features[0, 16:], torch.zeros(16))
    torch.testing.assert_close(features[1, 16:], box.encode([" answer"], [prompt(TEXTS[1], "dog")]).states[0])


def test_an_answer_that_failed_to_come_is_no_feature() -> None:
    black = ScriptedBlackBox(lambda r: CallFailure("busy") if "cat" in r.prompt else "answer")
    with pytest.raises(ProviderError, match=r"An output answer is missing \(busy\); start again"):
        FeatureExtractor("black_box").extract(TEXTS, INPUTS, HashingWhiteBox(16), black)


@pytest.mark.parametrize("options", [{"probes": 0}, {"max_new_tokens": 0}])
def test_probes_and_tokens_are_positive(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="Expected probes and max_new_tokens of at least 1"):
        FeatureExtractor(**options)  # type: ignore[arg-type]


def test_an_encoder_is_refused_where_the_white_box_has_to_answer() -> None:
    with pytest.raises(ValueError, match=r"white_box: expected a model that writes output answers .* but NGramEncoder"):
        FeatureExtractor(outputs="white_box").check(NGramEncoder())
    with pytest.raises(ValueError, match="but NGramEncoder only reads"):
        FeatureExtractor(outputs="white_box").extract(TEXTS, INPUTS, NGramEncoder(), silent())


@pytest.mark.parametrize("outputs", ["none", "black_box"])
def test_an_encoder_will_do_where_the_black_box_answers_or_nobody(outputs: str) -> None:
    extractor, encoder = FeatureExtractor(outputs, "mean"), NGramEncoder()  # type: ignore[arg-type]
    extractor.check(encoder)
    features = extractor.extract(TEXTS, INPUTS, encoder, ScriptedBlackBox(lambda request: "tac")).features
    own, answers = encoder.encode(TEXTS).states, encoder.encode(["tac", "tac"]).states
    torch.testing.assert_close(features, own if outputs == "none" else (own + answers) / 2)


def test_the_white_boxs_own_score_on_the_probes_is_known_for_nothing() -> None:
    box, black = HashingWhiteBox(16), silent()
    told = box.generate([prompt(TEXTS[0], word) for word in WORDS[:2]], seeds=[0, 0], max_new_tokens=24)
    assert told[0] != told[1]

    def metric(answer: str, accepted: Sequence[str]) -> float:
        return float(answer == told[1].strip() and list(accepted) == ["x"])

    extractor = FeatureExtractor(probes=2)
    assert extractor.extract(TEXTS, INPUTS, box, black, metric=metric).prior == ((0.5,), (0.0,))
    assert extractor.extract(TEXTS, INPUTS, box, black).prior == ((), ())
    assert FeatureExtractor(outputs="none").extract(TEXTS, INPUTS, box, black, metric=metric).prior == ((), ())
    candidates = [Candidate(TEXTS[1], "initial"), Candidate(TEXTS[0], "initial", features=torch.zeros(16))]
    assert [each.prior for each in encoded(candidates, extractor, INPUTS, box, black, metric=metric)] == [(0.0,), ()]
