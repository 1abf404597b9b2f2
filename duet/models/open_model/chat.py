"""Turns a prompt into what a model's chat template makes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jinja2

from duet.models.errors import ProviderError
from duet.models.open_model.causal_lm import CausalLM


@dataclass(frozen=True)
class Chat:
    """How prompts are put to an open model.

    Args:
        system_prompt: stands before every prompt, if given.
        template_kwargs: for the chat template, such as ``{enable_thinking: false}``; a model without one ignores them.
    """

    system_prompt: str | None = None
    template_kwargs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """What changes answers; nothing where nothing was given."""
        if not self.system_prompt and not self.template_kwargs:
            return ""
        return json.dumps([self.system_prompt, dict(self.template_kwargs)], sort_keys=True)

    def text(self, lm: CausalLM, prompt: str) -> str:
        """The text that the model continues; a model without a chat template gets the prompt as it is.

        Raises:
            ProviderError: the template can't be filled.
        """
        system = [{"role": "system", "content": self.system_prompt}] if self.system_prompt else []
        folded = f"{self.system_prompt}\n\n{prompt}" if self.system_prompt else prompt
        if not lm.tokenizer.chat_template:
            return folded
        try:
            return self._fill(lm, [*system, {"role": "user", "content": prompt}])
        except jinja2.TemplateError as error:
            if not system:
                raise ProviderError(f"The model's chat template can't be filled: {error}") from error
            return self._fill(lm, [{"role": "user", "content": folded}])  # some templates take no system prompt

    def _fill(self, lm: CausalLM, messages: list[dict[str, str]]) -> str:
        return str(
            lm.tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=True, **self.template_kwargs
            )
        )
