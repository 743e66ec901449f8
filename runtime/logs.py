"""structlog to stderr: constant snake_case events with fields; JSON lines when asked."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog

Level = Literal["debug", "info", "warning", "error"]


def configure_once(level: Level) -> None:
    """Unless it was set up already."""
    if not structlog.is_configured():
        configure(level)


def configure(level: Level = "warning", json: bool = False) -> None:
    """Set up once, at an entry point. Everything goes to stderr: stdout belongs to results."""
    number = getattr(logging, level.upper())
    logging.basicConfig(stream=sys.stderr, level=max(number, logging.WARNING), format="%(name)s: %(message)s")
    for noisy in ("amqtt", "transitions", "asyncio", "paho", "mcp", "client"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL if level != "debug" else logging.INFO)
    renderer = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def silence() -> None:
    """Nothing is written any more: the terminal belongs to an application that draws on it."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
