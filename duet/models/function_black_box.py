"""A Python function that answers prompts, as a black box."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from duet.models.base import AbstractBlackBox, Arrived, CallFailure, Completion, Outcome, Request, always
from duet.models.errors import ProviderError
from duet.models.metering import in_batches
from duet.threads import all_threads

_NO_ANSWER = CallFailure("the function returned None for this prompt")


class FunctionBlackBox(AbstractBlackBox):
    """Answers with a function ``prompts -> answers``, a list of texts each.

    It costs nothing that Duet knows of, so that a cap in calls is the one that holds; tokens are counted at their most,
    a byte each. A prompt whose answer is None has failed, and is sent again at the next start.

    >>> FunctionBlackBox(lambda prompts: [prompt.upper() for prompt in prompts]).complete([Request("yes")])[0].text
    'YES'

    Args:
        function: gets some prompts at once, and returns as many answers in their order.
        identity: a name under which answers are kept, so that no prompt is sent twice; change it when the function
            answers differently. Without an identity nothing is kept.
        batch_size: the most prompts that it gets at once.
    """

    def __init__(
        self, function: Callable[[list[str]], Sequence[str | None]], identity: str | None = None, batch_size: int = 16
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"Expected batch_size of at least 1 but got {batch_size}")
        self._function, self._identity, self._batch_size = function, identity, batch_size

    @property
    def identity(self) -> str:
        """The name that was given, else the function's."""
        named = self._function if hasattr(self._function, "__qualname__") else type(self._function)
        return f"function:{self._identity or f'{named.__module__}.{named.__qualname__}'}"

    @property
    def keeps_answers(self) -> bool:
        """Whether an identity was given."""
        return self._identity is not None

    def stream(self, requests: Sequence[Request], may_send: Callable[[], bool] = always) -> Iterator[Arrived]:
        """Answers ``requests``, some at a time; an exception of the function passes through as it is."""
        return in_batches(requests, self._batch_size, self._answer_all, may_send)

    def _answer_all(self, requests: Sequence[Request]) -> list[Outcome]:
        with all_threads():
            answers = self._function([request.prompt for request in requests])
        if not isinstance(answers, list | tuple) or len(answers) != len(requests):
            found = f"{len(answers)}" if isinstance(answers, list | tuple) else f"a {type(answers).__name__}"
            raise ProviderError(f"Expected the function to return a list of {len(requests)} answers but got {found}")
        return [_outcome(request, answer) for request, answer in zip(requests, answers, strict=True)]


def _outcome(request: Request, answer: object) -> Outcome:
    if answer is None:
        return _NO_ANSWER
    if not isinstance(answer, str):
        raise ProviderError(f"Expected the function to answer with texts but got a {type(answer).__name__}")
    text = answer[: min((place for stop in request.stop if (place := answer.find(stop)) >= 0), default=len(answer))]
    return Completion(text, _most_tokens(request.prompt), _most_tokens(answer), estimated=True)


def _most_tokens(text: str) -> int:
    return len(text.encode(errors="replace"))
