"""The benchmark of the predictor's fit, in small."""

from __future__ import annotations

import pytest
import torch

from benchmarks.predictor_fit import against_the_limits, bare_fit, lightning_fit, made_up_pool
from datamodules.instruction_pool import pool_batch
from duet.pool import Pool

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*LeafSpec.* is deprecated:FutureWarning",  # Lightning 2.6 under torch 2.13
)


@pytest.mark.parametrize(("width", "depth"), [(100, 3), (7, 1)])
def test_the_bare_loop_gives_the_weights_of_the_lightning_module_bit_for_bit(width: int, depth: int) -> None:
    pool = made_up_pool(rows=30, feature_size=64)
    bare = bare_fit(pool_batch(pool), 40, width, depth)
    module, seconds = lightning_fit(pool, steps=40, tolerance=0, width=width, depth=depth)
    torch.testing.assert_close(module.network.state_dict(), bare.state_dict(), rtol=0, atol=0)
    assert seconds > 0


def test_the_default_fit_takes_far_fewer_steps_and_reaches_the_same_ranking() -> None:
    rows = made_up_pool(rows=100, feature_size=512)
    pool, features = Pool(rows.observations[:60]), rows.features()[60:]
    paper, _ = lightning_fit(pool, steps=1000, tolerance=0)
    default, _ = lightning_fit(pool)
    both = torch.stack([default.predict(features)[0], paper.predict(features)[0]])
    assert torch.corrcoef(both)[0, 1] > 0.95
    assert default.losses["regression"] < 0.05


def test_each_pool_has_a_row_for_each_limit() -> None:
    rows = against_the_limits(rows=10, feature_size=20, steps=3, repeats=1)
    assert [row.goal for row in rows] == ["at most 1.1", "at most 0.1"]
    assert rows[0].limit == rows[1].limit
