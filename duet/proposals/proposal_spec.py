"""Specifies what a method wants generated, before there is a text."""

from __future__ import annotations

from dataclasses import dataclass

from duet.pool import Candidate


@dataclass(frozen=True)
class ProposalSpec:
    """An instruction to be written: what it starts from.

    Args:
        origin: where it will have come from, such as ``global`` or ``paraphrase``.
        parent: the instruction that it derives from, if any.
        beginning: its first words, to be continued; empty if the writer begins it.
        latent: the soft prompt's point in the latent space, if it is written under one.
        predicted: mean of the reward that a model expects of it, if one was consulted.
        std: its standard deviation.
    """

    origin: str
    parent: str | None = None
    beginning: str = ""
    latent: tuple[float, ...] | None = None
    predicted: float | None = None
    std: float | None = None

    def candidate(self, text: str) -> Candidate:
        """The candidate that was written for it.

        >>> ProposalSpec("paraphrase", parent="Copy it.").candidate("Repeat it.").parent
        'Copy it.'
        """
        return Candidate(text, self.origin, self.parent, None, self.latent, self.predicted, self.std)
