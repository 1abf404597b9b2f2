"""Times the uncertainty of the candidates: ``python -m benchmarks.acquisition``.

Mean and closed-form diagonal variance of N candidates beside the two matrix products that they need, and beside
per-example gradients by torch.func; then how the time grows, the full form, and the peak memory of a process that does
nothing else.
"""

from __future__ import annotations

import multiprocessing
import re
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from benchmarks.timing import Measurement, compare, main
from lightning_modules.initial_weights import build_network
from lightning_modules.neural_ucb import output_and_variance
from lightning_modules.reward_process import RewardProcess

FEATURES, WIDTH, DEPTH, CANDIDATES = 5120, 100, 3, 10_000
REFERENCE_BLOCK = 20  # rows whose gradients, d x width numbers each, are formed at once
REFERENCE_ROWS = 200
GROWTH = {
    "N": (1_000, FEATURES, WIDTH, DEPTH),
    "d": (CANDIDATES, 1024, WIDTH, DEPTH),
    "width": (CANDIDATES, FEATURES, 200, DEPTH),
}


def problem(count: int, features: int, width: int, depth: int) -> tuple[nn.Sequential, Tensor, list[Tensor]]:
    """A network, inputs (count, features), and a precision U."""
    torch.manual_seed(0)
    network = build_network(features, depth, width)
    return network, torch.randn(count, features), [torch.rand_like(value) + 0.1 for value in network.parameters()]


def reference(network: nn.Sequential, inputs: Tensor, precision: list[Tensor]) -> Tensor:
    """``sum_p g_p^2 / U_p`` from one gradient per row, (n,)."""
    parameters = {name: value.detach() for name, value in network.named_parameters()}

    def output(values: dict[str, Tensor], row: Tensor) -> Tensor:
        result: Tensor = functional_call(network, values, (row[None],))
        return result.squeeze()

    def block(rows: Tensor) -> Tensor:
        gradients = vmap(grad(output), in_dims=(None, 0))(parameters, rows).values()
        return torch.stack([(g.square() / u).flatten(1).sum(1) for g, u in zip(gradients, precision, strict=True)])

    return torch.cat([block(rows).sum(0) for rows in torch.split(inputs, REFERENCE_BLOCK)])


def products(network: nn.Sequential, inputs: Tensor, squares: Tensor, precision: list[Tensor]) -> None:
    """``a W^T`` and ``a^2 (1/U)^T`` of the first layer: the least that mean and variance need."""
    weights = next(network.parameters()).detach()
    torch.mm(inputs, weights.T)
    torch.mm(squares, precision[0].T)


def against_products(count: int, features: int, width: int, depth: int) -> tuple[float, float]:
    """Seconds of mean and variance, and of the two products."""
    network, inputs, precision = problem(count, features, width, depth)
    squares = inputs.square()
    seconds = compare({
        "closed": lambda: output_and_variance(network, inputs, precision),
        "products": lambda: products(network, inputs, squares, precision),
    })  # fmt: skip
    return seconds["closed"], seconds["products"]


def against_reference(depth: int) -> list[Measurement]:
    """Seconds beside per-example gradients, and the largest relative difference in float64."""
    network, inputs, precision = problem(REFERENCE_ROWS, FEATURES, WIDTH, depth)
    seconds = compare({
        "closed": lambda: output_and_variance(network, inputs, precision),
        "reference": lambda: reference(network, inputs, precision),
    }, repeats=3)  # fmt: skip
    network, inputs, precision = network.double(), inputs.double(), [entries.double() for entries in precision]
    expected = reference(network, inputs, precision)
    difference = (output_and_variance(network, inputs, precision)[1] / expected - 1).abs().max()
    name = f"{REFERENCE_ROWS} candidates, depth {depth}"
    return [
        Measurement(f"{name}: beside per-example gradients", seconds["closed"], "s", seconds["reference"]),
        Measurement(f"{name}: largest relative difference", float(difference), "", 1e-6, "at most 1e-6"),
    ]


def full_beside_diagonal(scored: int) -> list[Measurement]:
    """Seconds of the default form, over ``scored`` rows, beside those of the diagonal one."""
    network, inputs, precision = problem(CANDIDATES, FEATURES, WIDTH, DEPTH)
    process, known = RewardProcess(FEATURES, DEPTH), torch.randn(scored, FEATURES)
    process.fit(known, known[:, 0], torch.full((scored,), 0.5), known[:, :0])
    seconds = compare({
        "full": lambda: process.marginals(inputs, inputs[:, :0]),
        "diagonal": lambda: output_and_variance(network, inputs, precision),
    }, repeats=3)  # fmt: skip
    name = f"{CANDIDATES:,} candidates, {scored} scored: full form beside the diagonal one"
    return [Measurement(name, seconds["full"], "s", seconds["diagonal"])]


def memory(count: int) -> float:
    """Megabytes that mean and variance of ``count`` candidates take beyond the inputs, at their peak (on Linux)."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_beyond_the_inputs, (count,))


def _beyond_the_inputs(count: int) -> float:
    network, inputs, precision = problem(count, FEATURES, WIDTH, DEPTH)
    output_and_variance(network, inputs[:1], precision)  # loads the libraries
    before = _peak()
    output_and_variance(network, inputs, precision)
    return _peak() - before


def _peak() -> float:
    """Most megabytes that this process held; unlike getrusage's, it doesn't start with the parent's."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    if found is None:
        raise RuntimeError("Expected VmHWM in /proc/self/status")
    return int(found[1]) / 1000


def measure() -> list[Measurement]:
    """Time, agreement, growth and memory."""
    rows = []
    for depth in (1, 3, 5):
        name = f"{CANDIDATES:,} candidates, depth {depth}"
        closed, least = against_products(CANDIDATES, FEATURES, WIDTH, depth)
        rows.append(Measurement(f"{name}: beside its two products", closed, "s", least, "ratio at most 1.5"))
        rows.append(Measurement(f"{name}: in all", closed, "s", 1.0, "at most 1 s"))
        rows += against_reference(depth)
    for what, shape in GROWTH.items():
        closed, least = against_products(*shape)
        count, features, width, depth = shape
        name = f"{what} changed: N = {count:,}, d = {features}, width {width}, depth {depth}"
        rows.append(Measurement(name, closed, "s", least))
    rows += [measurement for scored in (40, 165) for measurement in full_beside_diagonal(scored)]
    inputs = CANDIDATES * FEATURES * 4 / 1e6
    rows.append(Measurement("memory beyond the inputs; inputs", memory(CANDIDATES), "MB", inputs, "O(N d)"))
    return rows


if __name__ == "__main__":
    main(measure)
