"""An open model, on this machine, that only answers."""

from __future__ import annotations

from collections.abc import Sequence

from llms.base import AbstractBlackBox, CallFailure, Completion, Outcome, Request
from llms.causal_lm import CausalLM, Dtype, describe, load_causal_lm
from llms.generation import Row, generate_rows, length_error


class HuggingFaceBlackBox(AbstractBlackBox):
    """A causal language model of transformers; it is loaded at its first use.

    A model with a chat template gets the prompt as one user message, any other model gets it as it is.

    Args:
        model: ``embedded`` (the small model of this package), a folder, or a name on the Hugging Face Hub.
        dtype: precision of the weights; ``auto`` is the checkpoint's own on a GPU and float32 on a CPU.
        load_in_4bit: quantise to 4 bit with bitsandbytes; needs a GPU.
        load_in_8bit: quantise to 8 bit with bitsandbytes.
        device_map: where it runs, such as ``cpu``, ``cuda:1`` or ``auto``; None is the first GPU, if any, else the CPU.
        batch_size: prompts that are answered at once.
    """

    def __init__(
        self,
        model: str = "embedded",
        dtype: Dtype = "auto",
        load_in_4bit: bool = False,
        load_in_8bit: bool = False,
        device_map: str | None = None,
        batch_size: int = 64,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"Expected batch_size to be at least 1 but got {batch_size}")
        self._options = (model, dtype, load_in_4bit, load_in_8bit, device_map)
        self._batch_size = batch_size

    @property
    def identity(self) -> str:
        """The weights, by content, and their precision."""
        return describe(*self._options)

    def complete(self, requests: Sequence[Request]) -> list[Outcome]:
        """Answers ``requests`` in batches; a prompt that does not fit the model is a `CallFailure`."""
        if not requests:
            return []
        lm = load_causal_lm(*self._options)
        prompts = _tokenise(lm, [request.prompt for request in requests])
        outcomes: dict[int, Outcome] = {}
        for index, (request, ids) in enumerate(zip(requests, prompts, strict=True)):
            if reason := length_error(lm, len(ids), request.max_tokens):
                outcomes[index] = CallFailure(reason)
        for max_tokens in sorted({request.max_tokens for request in requests}):
            group = [i for i, r in enumerate(requests) if r.max_tokens == max_tokens and i not in outcomes]
            rows = [Row(prompts[i], requests[i].seed, requests[i].temperature) for i in group]
            answers = generate_rows(lm, rows, max_new_tokens=max_tokens, batch_size=self._batch_size)
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
