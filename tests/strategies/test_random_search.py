from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import torch

from duet.examples.example import Example
from duet.models.base import Encoding
from duet.models.fakes import HashingWhiteBox, ScriptedBlackBox
from duet.pool import Candidate, Pool, ScoredInstruction
from duet.strategies.duet import Duet
from duet.strategies.random_search import RandomSearch
from duet.strategies.strategy import Requirements, SearchContext
from tests.strategies.contexts import make_context

EXAMPLES = [Example(f"word{number}", (f"{number}drow",)) for number in range(12)]
FIRST = ScoredInstruction(Candidate("Copy the text.", "initial", features=torch.zeros(16)), 0, (0.5,), ("x",))
POOL = Pool((FIRST,))


class Unread(HashingWhiteBox):
    """Writes, and refuses to read."""

    def encode(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> Encoding:
        raise AssertionError("nothing is to be encoded")


class Constant:
    """A predictor that finds everything alike."""

    def predict_joint(self, features: torch.Tensor, prior: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return features[:, 0] * 0, torch.zeros(len(features), len(features))


def context(white_box: HashingWhiteBox, seed: int = 0) -> SearchContext:
    return make_context(ScriptedBlackBox({}), white_box, EXAMPLES, seed=seed)


def test_it_draws_from_what_duet_would_rank_and_reads_nothing() -> None:
    duet = Duet(candidates=12, choose=12).propose(POOL, Constant(), context(HashingWhiteBox()))
    search = RandomSearch(candidates=12, choose=5).propose(POOL, Constant(), context(Unread()))
    texts = [candidate.text for candidate in search.candidates]
    assert len(set(texts)) == 5
    assert set(texts) < {candidate.text for candidate in duet.candidates}
    assert (search.written, search.distinct) == (duet.written, duet.distinct)
    assert all(candidate.predicted is None and candidate.features is None for candidate in search.candidates)


def test_every_candidate_is_equally_likely() -> None:
    drawn: Counter[int] = Counter()
    for seed in range(400):
        search_context = context(HashingWhiteBox(), seed)
        new, _ = Duet(candidates=4, choose=1).new_candidates(POOL, search_context, POOL.iteration)
        proposal = RandomSearch(candidates=4, choose=1).propose(POOL, Constant(), search_context)
        drawn[[candidate.text for candidate in new].index(proposal.candidates[0].text)] += 1
    assert set(drawn) == {0, 1, 2, 3}
    assert min(drawn.values()) > 70  # 100 expected, standard deviation 8.7


def test_it_says_how_many_it_chooses_and_asks() -> None:
    search = RandomSearch(candidates=12, choose=5, attempts=2)
    assert search.requirements == Requirements(choose=5, read=0, predictor=False, writing=True, attempts=2)
    assert search.longest_requests(EXAMPLES, "a") == Duet(candidates=12, attempts=2).longest_requests(EXAMPLES, "a")
