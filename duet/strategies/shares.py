"""Divides an iteration's candidates among their sources."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True)
class Shares:
    """Divides the candidates of one iteration among the sources; weights, not counts.

    What the proposer writes is paid for. One that follows requests writes several instructions per call, any other
    writes one per call, and resamples in place of reflection.

    Args:
        soft_global: soft prompts spread over the whole latent space.
        soft_local: soft prompts around those of the best instructions.
        continuation: the first words of one of the best instructions, continued anew.
        paraphrase: one of the best instructions, reworded by the proposer.
        resample: written by the proposer from demonstrations, as the first ones.
        reflection: written by the proposer, given one of the best instructions and examples that it got wrong.
        exemplars: one of the best instructions with demonstrations behind it; no call.
    """

    soft_global: float = 0.4
    soft_local: float = 0.2
    continuation: float = 0.4
    paraphrase: float = 0.0
    resample: float = 0.0
    reflection: float = 0.0
    exemplars: float = 0.0

    def counts(self, total: int) -> dict[str, int]:
        """Returns how many of each, summing to ``total``; the largest share takes what rounding leaves."""
        weights = asdict(self)
        if min(weights.values()) < 0 or self._weight <= 0:
            raise ValueError(f"Expected shares of at least 0, not all 0, but got {self}")
        main = max(weights, key=lambda name: weights[name])
        counts = dict.fromkeys(weights, 0)
        for name in weights:
            if name != main:  # two halves may both round up
                counts[name] = min(total - sum(counts.values()), round(total * weights[name] / self._weight))
        return counts | {main: total - sum(counts.values())}

    def for_proposer(self, follows_requests: bool) -> Shares:
        """The same, or without reflection where the proposer can't follow a request that says what went wrong."""
        if follows_requests:
            return self
        return replace(self, reflection=0.0, resample=self.resample + self.reflection)

    @property
    def of_white_box(self) -> float:
        """The weight of what the white box writes."""
        return self.soft_global + self.soft_local + self.continuation

    @property
    def of_black_box(self) -> float:
        """The weight of what the proposer writes."""
        return self.paraphrase + self.resample + self.reflection

    @property
    def _weight(self) -> float:
        return self.of_white_box + self.of_black_box + self.exemplars
