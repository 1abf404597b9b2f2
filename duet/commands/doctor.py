"""``doctor``: checks what a configuration would use and whether it is available. No call costs money.

Every line begins with ok, warning or problem. All options of ``fit`` are understood.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from duet.commands.cache import stats
from duet.engine.search import Search
from duet.exit_codes import BAD_INPUT, PROVIDER
from duet.messages import OneLineParser, fitted, printable
from duet.models.base import AbstractBlackBox, Completion, Outcome, Request
from duet.models.endpoint import Endpoint
from duet.models.errors import ProviderError
from duet.models.inspection import inspect_open_model, listed_models
from duet.session import money
from duet.session.duet_cli import DuetCLI, planned
from duet.session.output import quiet
from duet.session.run_folder import LAST, Finished
from duet.tasks.split_notes import describe_splits, split_warnings

_INSTRUCTION = "Write the output that belongs to the input."
_FEW = 30  # test examples: the interval of a score of one half is wider than 0.35


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Args:
        level: how bad it is.
        subject: what it is about.
        text: what was found.
        code: the exit code that a problem leads to.
    """

    level: Literal["ok", "warning", "problem"]
    subject: str
    text: str
    code: int = BAD_INPUT

    def __str__(self) -> str:
        return f"{self.level:8}{self.subject:18}{printable(self.text, 1000)}"


def run(argv: Sequence[str]) -> int:
    """Prints the findings; returns 0, or the exit code of the worst problem."""
    quiet()
    parser = OneLineParser(prog="duet doctor", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--config", action="append", default=[], help="a file of settings, as for fit; several may be given"
    )
    parser.add_argument(
        "--ask",
        action="store_true",
        help="send every endpoint one request of each kind that fit sends; this may cost a cent",
    )
    known, others = parser.parse_known_args(argv)
    configs = [f"--config={path}" for path in known.config]
    dry = planned([*configs, *others])
    cli, search = dry.cli, dry.search
    problems = [0]
    for finding in examine(cli, search, ask=known.ask):
        sys.stdout.write(fitted(f"{finding}", sys.stdout) + "\n")
        sys.stdout.flush()
        problems += [finding.code] if finding.level == "problem" else []
    return max(problems)


def examine(cli: DuetCLI, search: Search, *, ask: bool = False) -> Iterator[Finding]:
    """All findings, in the order in which a run would come across them."""
    settings = cli.config.fit
    yield from task(search, settings.task)
    yield from models(search, settings, ask)
    yield from spending(search)
    yield from caches(search, cli.run_dir)
    yield run_folder(cli)


def task(search: Search, settings: Any) -> Iterator[Finding]:
    """Files, sizes, metric."""
    names = (settings.train_file, settings.validation_file, settings.test_file)
    files = [Path(name).expanduser() for name in names if name]
    sizes = ", ".join(f"{path} ({path.stat().st_size:,} bytes)" for path in files)
    where = sizes or settings.directory or "ships with Duet"
    yield Finding("ok", "task", f"{search.task.name}: {where}; metric {search.task.metric_name}")
    splits, wanted = search.splits, search.allocation.examples
    for line in describe_splits(splits):
        yield Finding("ok", "examples", line)
    for note in (*search.task.notes, *split_warnings(splits)):
        yield Finding("warning", "examples", note)
    if len(splits.validation) < wanted:
        text = f"search.allocation.examples is {wanted}, but there are {len(splits.validation)} to search on"
        yield Finding("warning", "examples", text)
    if len(splits.test) < _FEW:
        yield Finding("warning", "examples", f"{len(splits.test)} test examples are few: expect a wide interval")


def models(search: Search, settings: Any, ask: bool) -> Iterator[Finding]:
    """Every model: where it is, whether it can be used."""
    for name, box in search.accounts.named.items():
        if box.endpoint is None:
            yield from open_model(name, settings[name])
        else:
            yield from endpoint(name, box.endpoint)
            if ask:
                yield from answers(name, box, questions(search, name))
    if search.needs_encoder and settings.white_box:
        yield from open_model("white_box", settings.white_box)


def endpoint(name: str, place: Endpoint) -> Iterator[Finding]:
    """Address, key, prices, and whether it is there."""
    yield Finding("ok", name, f"{place}")
    yield from secrets(name, place)
    prices = place.prices
    if prices is not None:
        text = f"{prices.prompt:g} and {prices.completion:g} US dollars per million tokens sent and received"
        yield Finding("ok", name, text if place.own_prices else f"{text} (list prices as known in 2025; check yours)")
    elif not place.is_local:
        yield Finding("warning", name, "prices unknown: set init_args.prices to see and to cap what a run costs")
    yield listed(name, place)


def secrets(name: str, place: Endpoint) -> Iterator[Finding]:
    """The environment variables that an endpoint needs."""
    if not place.has_model_list and place.own_variable is None:
        yield Finding("ok", name, "credentials are the provider's own, which LiteLLM looks for")
        return
    held = {place.key_variable: place.key}
    held |= {variable: place.headers[header] for header, variable in place.header_variables}
    for variable, value in held.items():
        if value:
            yield Finding("ok", name, f"{variable} is set")
        elif variable in place.variables or not (place.is_local or place.header_variables):
            yield Finding("problem", name, f"{variable} is not set", PROVIDER)
        elif place.is_local:
            yield Finding("ok", name, f"{variable} is not set; most local servers don't need it")


def listed(name: str, place: Endpoint) -> Finding:
    """Returns whether the endpoint is there and knows the model; not every endpoint has a list of its models."""
    if not place.has_model_list:
        return Finding("warning", name, "reached through LiteLLM, so only --ask can check whether it is available")
    try:
        models = listed_models(place)
    except ProviderError as error:
        return Finding("problem", name, f"can't list its models: {error}", PROVIDER)
    if models is None:
        return Finding(
            "warning", name, f"reachable, but has no list of models; --ask checks whether {place.model} answers"
        )
    if place.model in models:
        return Finding("ok", name, f"reachable, and lists {place.model}")
    text = f"reachable, but does not list {place.model}; it lists {', '.join(models[:5]) or 'nothing'}"
    return Finding("warning", name, text)


def questions(search: Search, name: str) -> dict[str, Request]:
    """Builds fit's requests to a black box: for the first instructions, and for an answer to the first example."""
    boxes, splits = search.accounts.named, search.splits
    found: dict[str, Request] = {}
    if name == list(boxes)[-1]:
        found["for instructions"] = search.first_request()
    if name == next(iter(boxes)):
        found["for an answer"] = search.task.prompt.request(
            _INSTRUCTION, splits.validation[0], search.evaluation.max_tokens
        )
    return found


def answers(name: str, box: AbstractBlackBox, requests: Mapping[str, Request]) -> Iterator[Finding]:
    """Yields what comes back."""
    for purpose, request in requests.items():
        try:
            [outcome] = box.complete([request])
        except ProviderError as error:
            yield Finding("problem", name, f"asked {purpose}, but {error}", PROVIDER)
            return
        yield answered(name, purpose, outcome)


def answered(name: str, purpose: str, outcome: Outcome) -> Finding:
    """Returns whether an outcome is an answer."""
    if not isinstance(outcome, Completion):
        return Finding("problem", name, f"asked {purpose}, but there was no answer: {outcome.reason}", PROVIDER)
    tokens = outcome.prompt_tokens + outcome.completion_tokens
    if outcome.is_empty:
        return Finding("problem", name, f"asked {purpose}, but the answer of {tokens} tokens is empty", PROVIDER)
    if outcome.cut:
        text = f"asked {purpose}; the answer was cut after {outcome.completion_tokens} tokens: raise its max_tokens"
        return Finding("warning", name, text)
    return Finding("ok", name, f"asked {purpose}, and answered with {tokens} tokens: {printable(outcome.text, 60)}")


def open_model(name: str, settings: Any) -> Iterator[Finding]:
    """Yields whether the weights are here, and whether there is room for them."""
    arguments = settings.get("init_args") or {}
    if not (model := arguments.get("model")):
        yield Finding("ok", name, f"{settings.class_path.rpartition('.')[2]} needs no weights")
        return
    try:
        found = inspect_open_model(dict(arguments))
    except (ProviderError, ValueError) as error:
        yield Finding("problem", name, str(error), PROVIDER)
        return
    if found is None:
        yield Finding("warning", name, f"{model} is not on this machine; its first use downloads it (HF_HOME)")
        return
    room = "" if found.free is None else f"; {found.free / 1e9:.3g} GB free"
    size = f"{found.parameters / 1e6:,.0f} million parameters, {found.bytes / 1e9:.3g} GB in {found.precision}"
    tight = found.free is not None and found.bytes > found.free
    yield Finding("warning" if tight else "ok", name, f"{model}: {size} on {found.device}{room}")


def spending(search: Search) -> Iterator[Finding]:
    """The dry run's figures and the caps."""
    yield Finding("ok", "likely", money.likely(search))
    yield Finding("ok", "at most", money.figures(search.estimate()))
    capped = search.accounts.budget.caps_purchases
    if search.accounts.costs_money and not capped:
        yield Finding(
            "warning", "budget", "no cap: fit requires search.budget.max_cost_usd, max_calls or max_tokens, or --yes"
        )
    else:
        yield Finding("ok", "budget", money.caps(search.accounts.budget))


def caches(search: Search, folder: Path) -> Iterator[Finding]:
    """Yields where answers are kept, and how many there are already."""
    paths = {search.accounts.cache_path(box, folder) for box in search.accounts.named.values()}
    for path in sorted(paths, key=str):
        if path is None:
            yield Finding("warning", "cache", "off: an interrupted run pays for its answers again")
            continue
        try:
            yield Finding("ok", "cache", stats(path)[0])
        except ValueError as error:
            yield Finding("problem", "cache", str(error))


def run_folder(cli: DuetCLI) -> Finding:
    """Returns what ``fit`` would do in it."""
    try:
        cli.check_run_dir()
    except Finished:
        return Finding("ok", "run folder", f"{cli.run_dir} already contains the finished run; fit would make no calls")
    except ValueError as error:
        return Finding("problem", "run folder", str(error))
    if (cli.run_dir / LAST).is_file():
        return Finding("ok", "run folder", f"{cli.run_dir} contains this run, unfinished; fit would resume it")
    return Finding("ok", "run folder", f"{cli.run_dir} is new")
