"""Turns a prompt into what a model's chat template makes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jinja2

from duet.models.base import Request, without_system_role
from duet.models.errors import ProviderError
from duet.models.open_model.causal_lm import CausalLM


@dataclass(frozen=True)
class Chat:
    """Sets how prompts are put to an open model.

    Args:
        system_prompt: stands before every prompt, if given.
        template_kwargs: for the chat template, such as ``{enable_thinking: false}``; a model without one ignores them.
    """

    system_prompt: str | None = None
    template_kwargs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """What changes answers; nothing if nothing was given."""
        if not self.system_prompt and not self.template_kwargs:
            return ""
        return json.dumps([self.system_prompt, dict(self.template_kwargs)], sort_keys=True)

    def text(self, lm: CausalLM, request: Request) -> str:
        """The text that the model continues; a model without a chat template gets the prompt as it is.

        Raises:
            ProviderError: the template has no place for these messages.
        """
        if not lm.tokenizer.chat_template:
            return f"{self.system_prompt}\n\n{request.prompt}" if self.system_prompt else request.prompt
        system = [{"role": "system", "content": self.system_prompt}] if self.system_prompt else []
        messages = [*system, *request.chat]
        try:
            return self._fill(lm, messages)
        except jinja2.TemplateError as error:
            folded = without_system_role(messages)  # some templates take no system prompt
            if folded != messages:
                return self._fill(lm, folded)
            roles = ", ".join(message["role"] for message in messages)
            raise ProviderError(f"The model's chat template does not take messages of {roles}: {error}") from error

    def _fill(self, lm: CausalLM, messages: list[dict[str, str]]) -> str:
        return str(
            lm.tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=True, **self.template_kwargs
            )
        )
