"""A stop overtakes the model: it reaches the device while the agent's model is computing."""

from __future__ import annotations

import pytest

from benchmarks import stop_latency
from runtime.settings import ModelSection


@pytest.mark.slow
async def test_a_stop_reaches_the_device_while_the_agents_model_is_computing() -> None:
    """200 ms, or on a machine that is busy itself five times what the same stop takes beside an agent with nothing to do."""
    report = await stop_latency.evaluate(10, ModelSection().embed)
    assert report.computing.p50 <= max(stop_latency.LIMIT_MS, 5 * report.idle.p50)
    assert report.computing.n == report.idle.n == 10
    assert "at most 200" in stop_latency.as_text(report)
