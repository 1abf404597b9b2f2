"""Language models without a model: deterministic, instant, and public, for tests and for trying a search."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor

from duet.models.base import (
    AbstractBlackBox,
    AbstractWhiteBox,
    Arrived,
    CallFailure,
    Completion,
    Encoding,
    Outcome,
    Request,
    always,
    cut_at_stop,
)
from duet.models.metering import in_batches

Answer = str | CallFailure
_VOCABULARY = (
    "write copy reverse sort count name take give find change return spell the a each every first last middle second "
    "word letter number list input text in of from to with backwards twice alphabetically only"
)
_WORDS = _VOCABULARY.split()
_BATCH = 64  # requests that the fakes answer at once


class ScriptedBlackBox(AbstractBlackBox):
    """Answers from a script; a token is a word.

    >>> ScriptedBlackBox({"2 + 2 =": "4"}).complete([Request("2 + 2 =")])[0].text
    '4'

    Args:
        answer: a function of the request, or a table from prompts to answers. A prompt that is not in it fails.
        identity: the name that it goes by.
        follows_requests: what it declares.
    """

    def __init__(
        self,
        answer: Callable[[Request], Answer] | Mapping[str, Answer],
        identity: str = "scripted",
        follows_requests: bool = True,
    ) -> None:
        self._answer = answer
        self._identity = identity
        self._follows_requests = follows_requests
        self.requests: list[Request] = []

    @property
    def identity(self) -> str:
        """The name that it was given."""
        return self._identity

    @property
    def follows_requests(self) -> bool:
        """What it was made to declare."""
        return self._follows_requests

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Answers ``requests``, some at a time, and keeps them."""
        return in_batches(requests, _BATCH, self._answer_all, may_send)

    def _answer_all(self, requests: Sequence[Request]) -> list[Outcome]:
        self.requests += requests
        return [self._one(request) for request in requests]

    def _one(self, request: Request) -> Outcome:
        answer = self._look_up(request)
        if isinstance(answer, CallFailure):
            return answer
        return _completion(request, answer)

    def _look_up(self, request: Request) -> Answer:
        if callable(self._answer):
            return self._answer(request)
        return self._answer.get(request.prompt, CallFailure("the script has no answer to this prompt", kind="rejected"))


class HashingBlackBox(AbstractBlackBox):
    """Answers with one word of the prompt or, to an induction prompt, with a few words of an instruction, by its hash.

    It needs no arguments, so settings and a command line can name it: a whole search without a model.

    >>> HashingBlackBox().complete([Request("Input: b a")])[0].text in ("Input:", "b", "a")
    True
    """

    @property
    def identity(self) -> str:
        """The name."""
        return "hashing"

    @property
    def follows_requests(self) -> bool:
        """It knows nothing but an induction prompt."""
        return False

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Answers ``requests``, some at a time; greedy ones ignore the seed."""
        return in_batches(requests, _BATCH, self._answer_all, may_send)

    def _answer_all(self, requests: Sequence[Request]) -> list[Outcome]:
        return [_completion(request, self._answer(request)) for request in requests]

    def _answer(self, request: Request) -> str:
        sampled = (request.seed, request.temperature) if request.temperature > 0 else None
        source = f"{request.prompt}|{sampled}"
        if request.prompt.endswith("to"):  # "The instruction was to"
            return _draw(source, request.max_tokens)
        words = request.prompt.split()
        return words[_hash(source) % len(words)]


class HashingWhiteBox(AbstractWhiteBox):
    """Hidden states are hashed character trigrams, texts are drawn from a hash; a token is a character, or a new word.

    Texts that share trigrams have similar states. As in a causal model, a state sees what stands before it, and greedy
    decoding ignores the seed.

    >>> HashingWhiteBox(hidden_size=4).encode(["sort it", ""]).token_counts.tolist()
    [7, 0]

    Args:
        hidden_size: width of the hidden states.
        embedding_size: width of a soft prompt's vectors.
    """

    def __init__(self, hidden_size: int = 16, embedding_size: int = 8) -> None:
        self._hidden_size = hidden_size
        self._embedding_size = embedding_size

    @property
    def identity(self) -> str:
        """The name and the width."""
        return f"hashing:{self._hidden_size}"

    @property
    def hidden_size(self) -> int:
        """d, as it was given."""
        return self._hidden_size

    @property
    def embedding_size(self) -> int:
        """e, as it was given."""
        return self._embedding_size

    def encode(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Encoding:
        """Mean over the text's characters of a signed unit vector, hashed from the three characters that end there."""
        pairs = zip([""] * len(texts) if contexts is None else contexts, texts, strict=True)
        states = torch.stack([self._state(*pair) for pair in pairs]) if texts else torch.zeros(0, self._hidden_size)
        return Encoding(states, torch.tensor([len(text) for text in texts], dtype=torch.int64))

    def _state(self, context: str, text: str) -> Tensor:
        state = torch.zeros(self._hidden_size)
        seen = f"  {context}{text}"
        for end in range(len(seen) - len(text) + 1, len(seen) + 1):
            number = _hash(seen[max(0, end - 3) : end])
            state[number % self._hidden_size] += 1.0 if number & 2**40 else -1.0
        return state / max(1, len(text))

    def generate(
        self,
        prompts: Sequence[str],
        *,
        seeds: Sequence[int],
        temperature: float = 0.0,
        max_new_tokens: int = 64,
        soft_prompts: Tensor | None = None,
        soft_prompt_position: Literal["prefix", "suffix"] = "prefix",
    ) -> list[str]:
        """Three to eight words, drawn from the hash of everything that the row depends on."""
        texts = []
        for row, (prompt, seed) in enumerate(zip(prompts, seeds, strict=True)):
            soft = None if soft_prompts is None else (soft_prompts[row].flatten().tolist(), soft_prompt_position)
            sampled = (seed, temperature) if temperature > 0 else None
            texts.append(_draw(f"{prompt}|{sampled}|{soft}", max_new_tokens))
        return texts


def _completion(request: Request, answer: str) -> Completion:
    answer = cut_at_stop(answer, request.stop)
    return Completion(answer, len(request.prompt.split()), len(answer.split()))


def _draw(source: str, max_words: int) -> str:
    number = _hash(source)
    words = []
    for _ in range(min(3 + number % 6, max_words)):
        number = _hash(f"{number}")
        words.append(_WORDS[number % len(_WORDS)])
    return " ".join(words)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest())
