"""Worlds and robots for the simulation's tests; asyncio tests run in virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest


@pytest.fixture
def event_loop_policy() -> Any:
    import async_solipsism

    class Policy(asyncio.DefaultEventLoopPolicy):
        def new_event_loop(self) -> asyncio.AbstractEventLoop:
            return async_solipsism.EventLoop()

    return Policy()
