"""An open model, on this machine, that only answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from duet.models.base import AbstractBlackBox, Arrived, CallFailure, Completion, Outcome, Request, always, cut_at_stop
from duet.models.metering import in_batches
from duet.models.open_model.batching import TokenLimit
from duet.models.open_model.causal_lm import CausalLM, describe, follows_requests, load_causal_lm
from duet.models.open_model.chat import Chat
from duet.models.open_model.checkpoints import LoadOptions
from duet.models.open_model.generation import Row, generate_rows, length_error
from duet.models.providers import room_to_reason
from duet.models.reasoning import no_room, without_reasoning


class HuggingFaceBlackBox(AbstractBlackBox):
    """A causal language model of transformers; it is loaded at its first use.

    A model with a chat template gets the request's messages, by default one of the user; any other model gets the
    prompt as it is. What a model writes up to ``</think>`` is not its answer; an answer is cut at a stop sequence.

    Args:
        model: ``embedded`` (the small model of this package), a folder, a name on the Hugging Face Hub, or a GGUF file.
        batch_tokens: most tokens of the prompts and answers of a batch, padding included; fewer where memory is short.
        batch_prompts: prompts that are answered, sorted by length, before their answers are handed over to be stored.
        system_prompt: stands before every prompt, if given.
        chat_template_kwargs: for the model's chat template, such as ``{enable_thinking: false}``.
        reasoning_tokens: tokens that an answer may have beyond its limit, for a model that reasons before it answers;
            None is 4,096 for models that are known to reason, and 0 for others.
        options: precision and place, as `LoadOptions` has them.
    """

    def __init__(
        self,
        model: str = "embedded",
        batch_tokens: int = 16384,
        batch_prompts: int = 160,
        system_prompt: str | None = None,
        chat_template_kwargs: dict[str, Any] | None = None,
        reasoning_tokens: int | None = None,
        **options: Any,
    ) -> None:
        if batch_prompts < 1:
            raise ValueError(f"Expected batch_prompts of at least 1 but got {batch_prompts}")
        room = room_to_reason(Path(model).name) if reasoning_tokens is None else reasoning_tokens
        if room < 0:
            raise ValueError(f"Expected reasoning_tokens of at least 0 but got {room}")
        self._chat = Chat(system_prompt, chat_template_kwargs or {})
        self._reasoning_tokens = room
        self._options = LoadOptions(model, **options)
        self._limit = TokenLimit(batch_tokens)
        self._batch_prompts = batch_prompts

    @property
    def identity(self) -> str:
        """The weights, by content, their precision, and how prompts are put to them."""
        room = f"reasoning={self._reasoning_tokens}" if self._reasoning_tokens else ""
        return ":".join(filter(None, [describe(self._options), self._chat.identity, room]))

    @property
    def overhead(self) -> int:
        """The system prompt's."""
        return len((self._chat.system_prompt or "").encode(errors="replace"))

    @property
    def answer_overhead(self) -> int:
        """The room to reason."""
        return self._reasoning_tokens

    @property
    def follows_requests(self) -> bool:
        """What the model's folder declares."""
        return follows_requests(self._options.model)

    @property
    def context_length(self) -> int | None:
        """The model's; to know it, it is loaded."""
        return load_causal_lm(self._options).context_length

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Answers ``requests``, some at a time; a prompt that does not fit the model is a `CallFailure`."""
        return in_batches(requests, self._batch_prompts, self._answer, may_send)

    def _answer(self, requests: Sequence[Request]) -> list[Outcome]:
        lm = load_causal_lm(self._options)
        prompts = _tokenise(lm, [self._chat.text(lm, request) for request in requests])
        outcomes: dict[int, Outcome] = {}
        for index, (request, ids) in enumerate(zip(requests, prompts, strict=True)):
            if reason := length_error(lm, len(ids), request.max_tokens + self._reasoning_tokens):
                outcomes[index] = CallFailure(reason, kind="too_long")
        for max_tokens in sorted({request.max_tokens for request in requests}):
            group = [i for i, r in enumerate(requests) if r.max_tokens == max_tokens and i not in outcomes]
            rows = [Row(prompts[i], (r := requests[i]).seed, r.temperature, top_p=r.top_p) for i in group]
            most = max_tokens + self._reasoning_tokens
            answers = generate_rows(lm, rows, max_new_tokens=most, limit=self._limit)
            for index, row, answer in zip(group, rows, answers, strict=True):
                outcomes[index] = _outcome(lm.decode(answer), len(row), len(answer), most, requests[index].stop)
        return [outcomes[index] for index in range(len(requests))]


def _outcome(written: str, prompt_tokens: int, tokens: int, most: int, stop: Sequence[str] = ()) -> Outcome:
    """The answer behind the reasoning, up to a stop sequence; a failure where the reasoning left no room for one."""
    answer, cut = without_reasoning(written), tokens >= most
    if cut and answer.has_reasoning and not answer.text.strip():
        return CallFailure(no_room(tokens), prompt_tokens, tokens, "empty")
    text = cut_at_stop(answer.text, stop)
    return Completion(text, prompt_tokens, tokens, cut and text == answer.text)


def _tokenise(lm: CausalLM, texts: Sequence[str]) -> list[tuple[int, ...]]:
    """Tokens of each text; a chat template writes the special tokens itself."""
    return lm.tokenise(list(texts), special=not lm.tokenizer.chat_template)
