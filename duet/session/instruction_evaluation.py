"""``evaluate``, whichever door it came in by: scores given instructions in a folder of its own and compares them."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from duet.amounts import usd
from duet.atomic_files import replace_text
from duet.engine.instruction_scores import InstructionScore, Split, most_spent, score_instructions
from duet.engine.search import Search
from duet.reporting.paired import PairedComparison, compare_paired
from duet.reporting.records import LeftOut
from duet.run_lock import run_lock

EVALUATION = "evaluation.json"
log = logging.getLogger("duet")


@dataclass(frozen=True)
class InstructionEvaluation:
    """The scores of given instructions on a split.

    Args:
        task: its name.
        split: which examples.
        metric: what scores an answer.
        scores: of each instruction, in the order in which they were given.
        differences: of each later instruction from the first one, on the same examples.
        missing: the instructions for which the budget had no room.
        left_out: the examples that are left out for all instructions.
        calls: answers that were used, those of the cache among them.
        cost_usd: US dollars that were paid; None if a price is unknown.
        folder: where the answers are kept, and this as evaluation.json.
    """

    task: str
    split: str
    metric: str
    scores: tuple[InstructionScore, ...]
    differences: tuple[PairedComparison, ...]
    missing: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    calls: int
    cost_usd: float | None
    folder: Path

    @property
    def best(self) -> InstructionScore:
        """The one with the highest score; of equals the first."""
        return max(self.scores, key=lambda row: row.score)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {**asdict(self), "folder": str(self.folder)}


def checked(texts: Sequence[str]) -> list[str]:
    """The instructions, each once.

    Raises:
        ValueError: there is none, or one is empty.
    """
    if isinstance(texts, str):
        texts = [texts]
    if not texts:
        raise ValueError("instructions: expected at least one but got none")
    for text in texts:
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"instructions: expected texts but got {text!r:.60}")
    return list(dict.fromkeys(texts))


def default_folder(search: Search, texts: Sequence[str], split: Split) -> Path:
    """A folder for these instructions, so that the same evaluation resumes and another one has caps of its own."""
    content = json.dumps([search.task.fingerprint, search.seed, search.accounts.boxes[0].identity, list(texts), split])
    return Path("runs") / f"{search.task.name}-evaluation-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def evaluate_in(folder: Path, search: Search, texts: Sequence[str], split: Split) -> InstructionEvaluation:
    """Scores the instructions, compares them, and writes evaluation.json.

    Raises:
        ValueError, BudgetSpent, ProviderError: as a search does.
    """
    with run_lock(folder):
        search.open(folder)
        scores, left_out = score_instructions(search, texts, split)
        differences = tuple(compare_paired(row.scores, scores[0].scores) for row in scores[1:])
        missing, accounts = tuple(texts[len(scores) :]), search.accounts
        found = InstructionEvaluation(
            search.task.name, split, search.task.metric_name, tuple(scores), differences, missing, left_out,
            accounts.usage.calls, accounts.usd, folder,
        )  # fmt: skip
        replace_text(folder / EVALUATION, json.dumps(found.to_dict(), indent=2, ensure_ascii=False) + "\n")
    if missing:
        log.warning("%d of %d instructions have no score: the budget was spent", len(missing), len(texts))
    return found


def require_evaluation_cap(search: Search, texts: Sequence[str], split: Split, consent: str) -> None:
    """Requires a cap if a call may cost money.

    Raises:
        ValueError: there is none; says what the evaluation can cost at most.
    """
    if search.accounts.costs_money and not search.accounts.budget.caps_purchases:
        usage, price = most_spent(search, texts, split)
        raise ValueError(
            f"search.budget: expected a cap, as this can spend up to {usage.calls:,} calls, {usage.tokens:,} tokens, "
            f"{usd(price)}; set search.budget.max_cost_usd, max_calls or max_tokens, or {consent}"
        )
