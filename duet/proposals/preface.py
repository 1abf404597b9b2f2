"""Tells the model that writes instructions what they are for and what they must obey, in every request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from duet.models.base import AbstractBlackBox, AbstractWrapper, Arrived, Request, always


def with_preface(prompt: str, sentences: Sequence[str]) -> str:
    """The prompt below the sentences that it does not hold yet.

    >>> with_preface("Write it anew. Write in German.", ["The task: routing", "Write in German."])
    'The task: routing\\n\\nWrite it anew. Write in German.'
    """
    missing = [sentence for sentence in sentences if sentence not in prompt]
    return "\n".join([*missing, "", prompt]) if missing else prompt


class PrefacedBlackBox(AbstractWrapper):
    """A black box that writes instructions and is told in each request what is wanted of them.

    Args:
        inner: the black box that writes.
        sentences: on the task, its audience and the instructions.
    """

    def __init__(self, inner: AbstractBlackBox, sentences: Sequence[str]) -> None:
        super().__init__(inner)
        self._sentences = tuple(sentences)

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Passes the requests on, each below the sentences that it lacks."""
        told = [replace(request, prompt=with_preface(request.prompt, self._sentences)) for request in requests]
        return self._inner.stream(told, may_send)
