"""What the rest of the project knows of a language model: a black box answers, a white box also shows its states."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor


@dataclass(frozen=True)
class Request:
    """One prompt and how to answer it.

    Args:
        prompt: the user's message, complete.
        max_tokens: most tokens of the answer.
        temperature: 0 is greedy.
        seed: seed of the sampled answer; requests that differ only here are different draws.
    """

    prompt: str
    max_tokens: int = 64
    temperature: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Completion:
    """An answer, as it came, with the tokens that it cost."""

    text: str
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True)
class CallFailure:
    """A call that was given up after all retries. It is no answer and is never marked.

    Args:
        reason: one line for the reader.
        prompt_tokens: what the provider charged nevertheless, as for a refusal.
        completion_tokens: likewise.
    """

    reason: str
    prompt_tokens: int = 0
    completion_tokens: int = 0


Outcome = Completion | CallFailure


class AbstractBlackBox(ABC):
    """A prompt list in, completions with token usage out."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Endpoint and model: two black boxes with one identity give the same answers."""

    @abstractmethod
    def complete(self, requests: Sequence[Request]) -> list[Outcome]:
        """Answers ``requests``, in their order.

        Raises:
            ProviderError: the provider can't be used at all.
            BudgetSpent: the requests would exceed a cap; none was sent.
        """


@dataclass(frozen=True)
class Encoding:
    """Hidden features of n texts.

    Args:
        states: (n, d), float32, mean (or last) hidden state over each text's own tokens.
        token_counts: (n,), int64, how many tokens each row stands for.
    """

    states: Tensor
    token_counts: Tensor


class AbstractWhiteBox(ABC):
    """An open model: its hidden states can be read and its input embeddings can be set."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Model and everything that changes its states."""

    @property
    @abstractmethod
    def hidden_size(self) -> int:
        """d, the width of the hidden states."""

    @property
    @abstractmethod
    def embedding_size(self) -> int:
        """e, the width of the input embeddings, and so of a soft prompt's vectors."""

    @property
    @abstractmethod
    def embedding_scale(self) -> float:
        """Standard deviation of the input embeddings: the natural size of a soft prompt's entries."""

    @abstractmethod
    def encode(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Encoding:
        """Hidden features of each text, read after its context; only the text's tokens are pooled.

        An empty text (no token) has zero states and a token count of 0.
        """

    @abstractmethod
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
        """Continues each prompt, optionally under a soft prompt, and returns the new text only.

        Args:
            prompts: n texts.
            seeds: n seeds; a row depends on its own prompt, soft prompt and seed, never on its neighbours.
            temperature: 0 is greedy.
            max_new_tokens: most tokens per row.
            soft_prompts: (n, s, e), put into the input embeddings before (`prefix`) or after (`suffix`) the prompt's.
            soft_prompt_position: where the soft prompt stands.
        """
