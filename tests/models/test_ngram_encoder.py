from __future__ import annotations

import pytest
import torch

from duet.models.ngram_encoder import NGramEncoder


def test_features_have_length_one_and_nothing_has_none() -> None:
    states = NGramEncoder(width=32).encode(["Sort it.", "", "  \n"]).states
    torch.testing.assert_close(states.norm(dim=1), torch.tensor([1.0, 0.0, 0.0]))


def test_tokens_are_words() -> None:
    assert NGramEncoder().encode(["Sort  the words.", ""]).token_counts.tolist() == [3, 0]


def test_contexts_and_neighbours_play_no_part() -> None:
    encoder = NGramEncoder()
    together = encoder.encode(["Sort it.", "Count it."], ["in: ", "x"]).states
    assert torch.equal(together[1], encoder.encode(["Count it."]).states[0])


def test_one_word_of_two_letters_is_the_sum_of_its_parts() -> None:
    """Four parts of two to four characters, three of them of two, and the word itself, all at weight 1."""
    encoder = NGramEncoder(width=2**20)
    state = encoder.encode(["ab"]).states[0]
    assert int((state != 0).sum()) == len(["<a", "ab", "b>", "<ab", "ab>", "<ab>", "word ab"])
    assert sorted({*state.abs().tolist()}) == pytest.approx([0.0, 7**-0.5])


def test_the_order_of_words_counts() -> None:
    one, other = NGramEncoder().encode(["first the last", "last the first"]).states
    assert not torch.equal(one, other)
    single = NGramEncoder(words=1).encode(["first the last", "last the first"]).states
    assert torch.equal(single[0], single[1])


def test_like_texts_are_nearer_than_unlike_ones() -> None:
    states = (
        NGramEncoder()
        .encode(["Reverse the last word.", "Reverse the final word.", "Count how many animals there are."])
        .states
    )
    assert states[0] @ states[1] > 0.4 > 0.2 > states[0] @ states[2]


def test_features_are_the_same_in_every_process_and_on_every_machine() -> None:
    states = NGramEncoder(width=6).encode(["Löse 3 x 4."]).states
    assert states[0].tolist() == pytest.approx([0.417, -0.417, 0.2085, -0.417, 0.2085, 0.6255], abs=1e-4)


def test_no_texts_have_no_features() -> None:
    encoder = NGramEncoder(width=8)
    assert encoder.encode([]).states.shape == (0, encoder.hidden_size)


def test_the_identity_tells_numbers_apart() -> None:
    assert len({NGramEncoder(**{name: 3}).identity for name in ("width", "characters", "words")}) == 3


@pytest.mark.parametrize("name", ["width", "characters", "words"])
def test_numbers_are_positive(name: str) -> None:
    with pytest.raises(ValueError, match="Expected width and words of at least 1, characters of at least 2"):
        NGramEncoder(**{name: 0})
