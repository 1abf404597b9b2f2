"""The outer loop: when it stops, what it pays for, what it calls best."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from duet.evaluation.allocation import Allocation
from duet.models.errors import BudgetSpent, ProviderError
from duet.pool import Pool
from duet.spending.budget import Budget
from duet.strategies.strategy import Proposal

BEST = "Write the second word."
PER_TEXT, TEST, REQUEST = 4, 6, 1  # calls for a score, for a final test, for the initial instructions


def only(best: str) -> Callable[[str], float]:
    return lambda instruction: 1.1 if instruction == best else 0.0


def test_it_stops_after_the_given_number_of_iterations(run: Callable[..., Any]) -> None:
    done = run(iterations=3, threshold=1.1)
    assert (done.result["iterations"], done.result["stop_reason"]) == (3, "iterations")
    assert [row.iteration for row in done.data.pool] == [0] * 5 + [1, 2, 3]


def test_an_iteration_scores_its_proposal_and_gives_the_leader_more_examples(
    run: Callable[..., Any], listed: Callable[..., Any]
) -> None:
    strategy, known = listed(["Bad one."], ["Bad two."], ["Bad three."]), list[dict[str, int]]()
    propose = strategy.propose

    def observed(pool: Pool, *others: Any) -> Proposal:
        known.append({row.text: row.n for row in pool})
        return cast(Proposal, propose(pool, *others))

    strategy.propose = observed
    allocation = Allocation(examples=4, promotion_share=1.0)
    done = run(only(BEST), strategy=strategy, allocation=allocation, threshold=1.1)
    assert [pool[BEST] for pool in known] == [1, 3, 6]
    assert known[2]["Bad one."] == known[2]["Bad two."] == 1
    assert done.result["calls"] <= 8 * PER_TEXT + TEST * 2 + REQUEST
    assert done.search.last.scored[0].text == "Bad three."
    assert len(done.search.last.scored) == 1


def test_leaders_are_named_among_those_with_examples_left_and_only_if_there_are_calls(
    run: Callable[..., Any], listed: Callable[..., Any]
) -> None:
    def offered(allocation: Allocation) -> list[list[int]]:
        strategy, counts = listed(["Bad one."], ["Bad two."], ["Bad three."]), list[list[int]]()

        def leaders(rows: Any, *others: Any) -> Any:
            counts.append([row.n for row in rows])
            return rows

        strategy.leaders = leaders
        done = run(only(BEST), strategy=strategy, allocation=allocation, threshold=1.1, folder=allocation.kind)
        assert all(n < len(done.search.validation) for rows in counts for n in rows)
        return counts

    counts = offered(Allocation(examples=10, promotion_share=1.0))
    assert [len(rows) for rows in counts] == [5, 6, 6]  # the best one has them all at last
    assert offered(Allocation("fixed", examples=4)) == []


def test_it_stops_at_the_threshold(run: Callable[..., Any], listed: Callable[..., Any]) -> None:
    strategy = listed(["Bad one."], ["Good one."], ["Never scored."])
    done = run(only("Good one."), strategy=strategy, iterations=9)
    assert (done.result["iterations"], done.result["stop_reason"]) == (2, "threshold")
    assert done.result["best_instruction"] == "Good one."
    assert (done.folder / "best_instruction.txt").read_text() == "Good one.\n"
    assert done.times_scored("Never scored.") == 0


def test_it_stops_before_the_first_iteration_where_an_initial_instruction_is_good_enough(
    run: Callable[..., Any], listed: Callable[..., Any]
) -> None:
    done = run(only(BEST), strategy=listed(["Never scored."]))
    assert (done.result["iterations"], done.result["stop_reason"]) == (0, "threshold")
    assert done.times_scored("Never scored.") == 0


def test_a_score_ends_the_search_only_where_its_interval_begins_at_the_threshold(
    run: Callable[..., Any], listed: Callable[..., Any]
) -> None:
    def ending(threshold: float) -> str:
        fixed = Allocation("fixed", examples=10)  # the best one is right on nine of them
        strategy, name = listed(["New one."]), str(threshold)
        done = run(
            lambda text: 0.7 * (text == BEST),
            strategy=strategy,
            iterations=1,
            allocation=fixed,
            threshold=threshold,
            folder=name,
        )
        assert done.result["validation_score"] == 0.9
        assert 0.5 < done.result["validation_interval"][0] < 0.8
        return str(done.result["stop_reason"])

    assert ending(0.5) == "threshold"
    assert ending(0.8) == "iterations"


def test_it_stops_where_nothing_new_comes_up(run: Callable[..., Any], listed: Callable[..., Any]) -> None:
    done = run(strategy=listed(["New one."]), iterations=9)
    assert (done.result["iterations"], done.result["stop_reason"]) == (1, "no new candidates")


@pytest.mark.parametrize("extra", range(0, 2 * PER_TEXT, 3))
def test_the_budget_pays_the_final_test_and_is_never_exceeded(run: Callable[..., Any], extra: int) -> None:
    cap = REQUEST + 5 * PER_TEXT + 2 * TEST + extra
    done = run(iterations=9, threshold=1.1, budget=Budget(max_calls=cap))
    assert done.result["stop_reason"] == "budget"
    assert done.result["iterations"] == extra // PER_TEXT
    assert done.result["test_score"] is not None
    assert done.result["initial_best_test_score"] is not None
    assert len(done.box.requests) <= done.result["calls"] <= cap


def test_the_initial_instructions_take_what_the_budget_allows(run: Callable[..., Any]) -> None:
    done = run(budget=Budget(max_calls=REQUEST + 3 * PER_TEXT + 2 * TEST + 1))
    assert (len(done.data.pool), done.result["iterations"], done.result["stop_reason"]) == (3, 0, "budget")


def test_a_budget_without_room_for_one_score_is_an_error(run: Callable[..., Any]) -> None:
    with pytest.raises(BudgetSpent, match=r"before any instruction had a score; raise search\.budget"):
        run(budget=Budget(max_calls=REQUEST + 2 * TEST + PER_TEXT - 1))


def test_a_text_that_has_a_score_is_never_paid_again(run: Callable[..., Any]) -> None:
    done = run(iterations=6)
    assert len(set(done.texts)) == len(done.texts)
    prompts = [request.prompt for request in done.box.requests]
    assert len(set(prompts)) == len(prompts)


def test_ties_go_to_the_earlier_not_to_the_shorter(run: Callable[..., Any], listed: Callable[..., Any]) -> None:
    batches = ["Write the second of the words."], ["Second word."], ["The second word."]
    good = {text for batch in batches for text in batch}
    done = run(lambda text: 0.99 if text in good else 0.0, strategy=listed(*batches), threshold=1.1)
    assert done.result["best_instruction"] == "Write the second of the words."


def test_the_best_initial_instruction_is_tested_once_where_it_stays_the_best(
    run: Callable[..., Any], listed: Callable[..., Any]
) -> None:
    done = run(only(BEST), strategy=listed(["Bad one."]), iterations=1, threshold=1.1)
    assert done.result["best_instruction"] == done.result["initial_best_instruction"] == BEST
    assert done.result["test_score"] == done.result["initial_best_test_score"] == 1.0
    assert done.times_scored(BEST) == PER_TEXT + TEST
    assert done.result["calls"] == REQUEST + 6 * PER_TEXT + TEST


def test_the_best_is_tested_next_to_the_best_initial_one(run: Callable[..., Any], listed: Callable[..., Any]) -> None:
    done = run(only("Good one."), strategy=listed(["Good one."]), iterations=1)
    assert (done.result["test_score"], done.result["initial_best_test_score"]) == (1.0, 0.0)
    assert done.result["test_interval"][1] == 1.0
    assert done.result["calls"] == REQUEST + 6 * PER_TEXT + 2 * TEST


def test_an_instruction_with_failed_calls_is_left_out(run: Callable[..., Any]) -> None:
    done = run(failing=["Copy the text."])
    assert "Copy the text." not in done.texts
    assert len(done.data.pool.initial()) == 4


def test_an_iteration_without_any_answer_stops_the_run(run: Callable[..., Any], listed: Callable[..., Any]) -> None:
    with pytest.raises(ProviderError, match="start again to request the rest"):
        run(failing=["Lost one."], strategy=listed(["Lost one."]))


def test_no_usable_initial_instruction_is_the_providers_fault(run: Callable[..., Any]) -> None:
    with pytest.raises(ProviderError, match="wrote no usable instruction"):
        run(first=["x"])


def test_several_instructions_may_be_scored_in_one_iteration(
    run: Callable[..., Any], listed: Callable[..., Any]
) -> None:
    done = run(strategy=listed(["New one.", "New two."]), iterations=1)
    assert [(row.text, row.iteration) for row in done.data.pool][5:] == [("New one.", 1), ("New two.", 1)]


def test_what_the_model_writes_is_text_like_any_other(run: Callable[..., Any], listed: Callable[..., Any]) -> None:
    odd = "Ignore {input} and say \x1b[31m%s."
    done = run(only(odd), strategy=listed([odd]), iterations=1)
    assert done.result["best_instruction"] == odd


def test_halving_finds_the_same_best_for_fewer_calls(run: Callable[..., Any], listed: Callable[..., Any]) -> None:
    def quality(text: str) -> float:
        return {"Good one.": 1.0, "Copy the text.": 0.6}.get(text, 0.0)

    batches = [["Bad one."], ["Good one."], ["Worse one."]]
    whole, halved = (
        run(
            quality, strategy=listed(*batches), iterations=3, threshold=1.1, allocation=allocation, folder=name,
            budget=Budget(max_calls=calls),
        )
        for name, allocation, calls in (
            ("whole", Allocation("fixed", examples=10), None), ("halved", Allocation(), REQUEST + 2 * TEST + 50),
        )
    )  # fmt: skip
    assert halved.result["best_instruction"] == whole.result["best_instruction"] == "Good one."
    assert halved.result["test_score"] == whole.result["test_score"]
    assert halved.result["calls"] <= REQUEST + 2 * TEST + 50 < whole.result["calls"]
    assert {row.n for row in whole.search.pool} == {10}
    counts = {row.text: row.n for row in halved.search.pool}
    assert counts["Bad one."] == min(counts.values()) < counts["Good one."]
    assert sum(counts.values()) == halved.result["calls"] - REQUEST - 2 * TEST


def test_a_first_score_on_few_examples_does_not_end_the_search(
    run: Callable[..., Any], listed: Callable[..., Any]
) -> None:
    done = run(only(BEST), strategy=listed(["New one."]), iterations=1, allocation=Allocation(examples=6))
    assert done.result["iterations"] == 1
    assert done.result["best_instruction"] == BEST


def test_a_text_that_is_proposed_again_has_its_score_and_an_iteration_of_its_own(
    run: Callable[..., Any], listed: Callable[..., Any]
) -> None:
    fixed = Allocation(kind="fixed", examples=3)
    done = run(only(BEST), strategy=listed(["Bad one."], ["Bad one."]), iterations=2, allocation=fixed, threshold=1.1)
    repeated = [(row.iteration, row.n) for row in done.search.pool if row.text == "Bad one."]
    assert repeated[-2:] == [(1, 3), (2, 3)]


@pytest.mark.parametrize("wrong", [{"iterations": 0}, {"threshold": 0.0}])
def test_wrong_arguments_are_refused(run: Callable[..., Any], wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"Expected search.{next(iter(wrong))}"):
        run(**wrong)


def test_the_white_boxs_own_score_is_known_of_all_instructions(run: Callable[..., Any]) -> None:
    found = run()
    assert found.search.pool.prior_knowledge().shape == (len(found.search.pool), 1)
