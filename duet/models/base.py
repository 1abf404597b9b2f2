"""The interfaces of language models: a black box answers, a white box also shows its states."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from duet.models.endpoint import Endpoint

if TYPE_CHECKING:  # code that only builds a request needs no torch
    from torch import Tensor

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class Message:
    """One message of a chat.

    Args:
        role: ``system``, ``user`` or ``assistant``.
        content: its text.
    """

    role: Role
    content: str


@dataclass(frozen=True)
class Request:
    """One prompt and how to answer it.

    Args:
        prompt: the user's message, complete; where there are ``messages``, all of their text.
        max_tokens: most tokens of the answer.
        temperature: 0 is greedy.
        seed: seed of the sampled answer; requests that differ only here are different draws.
        messages: what a chat model is sent instead of ``prompt`` as one message of the user.
        stop: the answer ends before the first of these texts.
        top_p: probability of the likeliest tokens that a sampled answer is drawn from; 1 draws from all.
    """

    prompt: str
    max_tokens: int = 64
    temperature: float = 0.0
    seed: int = 0
    messages: tuple[Message, ...] = ()
    stop: tuple[str, ...] = ()
    top_p: float = 1.0

    @property
    def chat(self) -> list[dict[str, str]]:
        """The messages in the form of chat completions and chat templates.

        >>> Request("Hello").chat
        [{'role': 'user', 'content': 'Hello'}]
        """
        messages = self.messages or (Message("user", self.prompt),)
        return [{"role": message.role, "content": message.content} for message in messages]


def cut_at_stop(text: str, stop: Sequence[str]) -> str:
    """The text before the first of the stop sequences.

    >>> cut_at_stop("42 Input: 7", ["Input:", "Output:"])
    '42 '
    """
    ends = [place for sequence in stop if (place := text.find(sequence)) >= 0]
    return text[: min(ends)] if ends else text


def without_system_role(messages: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """The same conversation for a model that takes no system prompt: it stands before the user's first message.

    >>> without_system_role([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}])
    [{'role': 'user', 'content': 'Be brief.\\n\\nHello'}]
    """
    system = [message["content"] for message in messages if message["role"] == "system"]
    others = [message for message in messages if message["role"] != "system"]
    if not system or not others:
        return list(messages)
    first = others[0] | {"content": "\n\n".join([*system, others[0]["content"]])}
    return [first, *others[1:]]


@dataclass(frozen=True)
class Completion:
    """An answer, as it came, with the tokens that it cost.

    Args:
        text: the answer; it may be empty.
        prompt_tokens: tokens of the prompt.
        completion_tokens: tokens of the answer.
        cut: whether the answer was cut off, by the request's limit or because it was far too long.
        estimated: whether the tokens are an upper bound, as the server did not count them.
    """

    text: str
    prompt_tokens: int
    completion_tokens: int
    cut: bool = False
    estimated: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether the answer has no letter, digit or sign."""
        return not self.text.strip()


FailureKind = Literal["failed", "rejected", "too_long", "refused", "filtered", "tool_calls", "empty", "not_sent"]


@dataclass(frozen=True)
class CallFailure:
    """A call without an answer. It is no answer and is never scored.

    Args:
        reason: one line for the reader.
        prompt_tokens: what the provider charged nevertheless, as for a refusal.
        completion_tokens: likewise.
        kind: ``failed``, given up after all retries, so that sending it again can help; ``rejected``, the request
            itself is not accepted; ``too_long``, its prompt does not fit the model; ``refused``, by the model;
            ``filtered``, by the provider; ``tool_calls``, or nothing at all (``empty``), instead of a text;
            ``not_sent``, as the time or another cap was used up.
    """

    reason: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    kind: FailureKind = "failed"

    @property
    def is_final(self) -> bool:
        """Whether the same request will never be answered, however often it is sent.

        >>> CallFailure("blocked", kind="filtered").is_final, CallFailure("gave up after 300 s").is_final
        (True, False)
        """
        return self.kind not in ("failed", "not_sent")


Outcome = Completion | CallFailure
Arrived = Mapping[int, Outcome]  # position of a request -> its outcome
NOT_SENT = CallFailure("not sent, as the time or another cap was used up", kind="not_sent")


def always() -> bool:
    """No reason to stop sending."""
    return True


class AbstractBlackBox(ABC):
    """A prompt list in, completions with token usage out."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Endpoint and model: two black boxes with one identity give the same answers."""

    @property
    def endpoint(self) -> Endpoint | None:
        """The server that it calls; None for a model in this process, which costs nothing."""
        return None

    @property
    def keeps_answers(self) -> bool:
        """Whether its identity says all that its answers depend on, so that they may be kept and used again."""
        return True

    @property
    def context_length(self) -> int | None:
        """Most tokens of prompt and answer together; None if that is not known."""
        return None

    @property
    def overhead(self) -> int:
        """Bytes that every prompt is sent with, beyond its own and those of a chat template: a system prompt."""
        return 0

    @property
    def answer_overhead(self) -> int:
        """Tokens that an answer can take beyond its request's ``max_tokens``, such as those of a model's reasoning."""
        return 0

    @property
    def follows_requests(self) -> bool:
        """Whether it carries out what a prompt says; a small model that only continues texts declares False."""
        return True

    @abstractmethod
    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Answers ``requests`` and hands each outcome over soon after it arrived; each comes once, in any order.

        While the caller deals with what it was handed, nothing more is sent: a caller that stores it before it takes
        more never has more unstored answers than requests that may be under way at once.

        Args:
            requests: what to send.
            may_send: called before every request; once it returns False, the rest is `NOT_SENT`. If it is a meter
                (duet/models/metering.py), it is called before every attempt and after it, with the outcome.

        Raises:
            ProviderError: the provider can't be used at all; what had arrived was handed over before.
            BudgetSpent: the requests would exceed a cap; none was sent.
        """

    def complete(self, requests: Sequence[Request]) -> list[Outcome]:
        """Answers ``requests``, in their order.

        Raises:
            ProviderError: the provider can't be used at all.
            BudgetSpent: the requests would exceed a cap; none was sent.
        """
        outcomes: dict[int, Outcome] = {}
        for arrived in self.stream(requests):
            outcomes |= arrived
        return [outcomes[index] for index in range(len(requests))]


class AbstractWrapper(AbstractBlackBox):
    """A black box that adds something around another one and changes none of its answers.

    Args:
        inner: the black box that gets the requests.
    """

    def __init__(self, inner: AbstractBlackBox) -> None:
        self._inner = inner

    @property
    def keeps_answers(self) -> bool:
        """The inner black box's."""
        return self._inner.keeps_answers

    @property
    def context_length(self) -> int | None:
        """The inner black box's."""
        return self._inner.context_length

    @property
    def identity(self) -> str:
        """The inner black box's: the answers are the same."""
        return self._inner.identity

    @property
    def endpoint(self) -> Endpoint | None:
        """The inner black box's."""
        return self._inner.endpoint

    @property
    def overhead(self) -> int:
        """The inner black box's."""
        return self._inner.overhead

    @property
    def answer_overhead(self) -> int:
        """The inner black box's."""
        return self._inner.answer_overhead

    @property
    def follows_requests(self) -> bool:
        """The inner black box's."""
        return self._inner.follows_requests


@dataclass(frozen=True)
class Encoding:
    """Hidden features of n texts.

    Args:
        states: (n, d), float32, mean (or last) hidden state over each text's own tokens.
        token_counts: (n,), int64, how many tokens each row stands for.
    """

    states: Tensor
    token_counts: Tensor


class AbstractEncoder(ABC):
    """Gives features of a text: a white box does, and so does what stands in for one where no text is to be written."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Model and everything that changes its states."""

    @property
    @abstractmethod
    def hidden_size(self) -> int:
        """d, the width of the hidden states."""

    @abstractmethod
    def encode(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Encoding:
        """Hidden features of each text, read after its context; only the text's tokens are pooled.

        An empty text (no token) has zero states and a token count of 0. An encoder that reads a text by itself, such as
        `duet.models.ngram_encoder`, leaves the contexts aside.
        """


class AbstractWhiteBox(AbstractEncoder):
    """An open model: its hidden states can be read, its input embeddings can be set, and it writes."""

    @property
    @abstractmethod
    def embedding_size(self) -> int:
        """e, the width of the input embeddings, and so of a soft prompt's vectors."""

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
