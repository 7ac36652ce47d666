"""How the process speaks to its operator: one JSON line an event, tracebacks without the values of variables."""

from __future__ import annotations

import sys

import structlog


def configure() -> None:
    """Log to standard error; secrets live in variables, so tracebacks show none."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
