"""An open model, on this machine, that only answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from duet.models.base import AbstractBlackBox, Arrived, CallFailure, Completion, Outcome, Request, always
from duet.models.metering import in_batches
from duet.models.open_model.batching import TokenLimit
from duet.models.open_model.causal_lm import CausalLM, describe, load_causal_lm
from duet.models.open_model.checkpoints import LoadOptions
from duet.models.open_model.generation import Row, generate_rows, length_error


class HuggingFaceBlackBox(AbstractBlackBox):
    """A causal language model of transformers; it is loaded at its first use.

    A model with a chat template gets the prompt as one user message, any other model gets it as it is.

    Args:
        model: ``embedded`` (the small model of this package), a folder, or a name on the Hugging Face Hub.
        batch_tokens: most tokens of the prompts and answers of a batch, padding included; fewer where memory is short.
        batch_prompts: prompts that are answered, sorted by length, before their answers are handed over to be stored.
        options: precision and place, as `LoadOptions` has them.
    """

    def __init__(
        self, model: str = "embedded", batch_tokens: int = 16384, batch_prompts: int = 160, **options: Any
    ) -> None:
        if batch_prompts < 1:
            raise ValueError(f"Expected batch_prompts of at least 1 but got {batch_prompts}")
        self._options = LoadOptions(model, **options)
        self._limit = TokenLimit(batch_tokens)
        self._batch_prompts = batch_prompts

    @property
    def identity(self) -> str:
        """The weights, by content, and their precision."""
        return describe(self._options)

    @property
    def context_length(self) -> int | None:
        """The model's; to know it, it is loaded."""
        return load_causal_lm(self._options).context_length

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Answers ``requests``, some at a time; a prompt that does not fit the model is a `CallFailure`."""
        return in_batches(requests, self._batch_prompts, self._answer, may_send)

    def _answer(self, requests: Sequence[Request]) -> list[Outcome]:
        lm = load_causal_lm(self._options)
        prompts = _tokenise(lm, [request.prompt for request in requests])
        outcomes: dict[int, Outcome] = {}
        for index, (request, ids) in enumerate(zip(requests, prompts, strict=True)):
            if reason := length_error(lm, len(ids), request.max_tokens):
                outcomes[index] = CallFailure(reason, kind="rejected")
        for max_tokens in sorted({request.max_tokens for request in requests}):
            group = [i for i, r in enumerate(requests) if r.max_tokens == max_tokens and i not in outcomes]
            rows = [Row(prompts[i], (r := requests[i]).seed, r.temperature, top_p=r.top_p) for i in group]
            answers = generate_rows(lm, rows, max_new_tokens=max_tokens, limit=self._limit)
            for index, row, answer in zip(group, rows, answers, strict=True):
                outcomes[index] = Completion(lm.decode(answer), len(row), len(answer))
        return [outcomes[index] for index in range(len(requests))]


def _tokenise(lm: CausalLM, prompts: Sequence[str]) -> list[tuple[int, ...]]:
    """Tokens of each prompt; a chat template writes the special tokens itself."""
    chat = bool(lm.tokenizer.chat_template)
    texts = [_as_chat(lm, prompt) for prompt in prompts] if chat else list(prompts)
    return lm.tokenise(texts, special=not chat)


def _as_chat(lm: CausalLM, prompt: str) -> str:
    message = {"role": "user", "content": prompt}
    return str(lm.tokenizer.apply_chat_template([message], tokenize=False, add_generation_prompt=True))
