from __future__ import annotations

from duet.strategies.shares import Shares


def test_a_proposer_that_can_not_be_told_what_went_wrong_writes_from_examples_instead() -> None:
    shares = Shares(0, 0, 0, paraphrase=1, resample=1, reflection=2)
    assert shares.for_proposer(follows_requests=True) == shares
    assert shares.for_proposer(follows_requests=False).counts(8) == Shares(0, 0, 0, 1, 3).counts(8)


def test_exemplars_are_written_by_nobody() -> None:
    shares = Shares(0, 0, 0, exemplars=1)
    assert (shares.of_white_box, shares.of_black_box) == (0, 0)
    assert shares.counts(5)["exemplars"] == 5
