"""How the process speaks to its operator: one JSON line an event, tracebacks without the values of variables."""

from __future__ import annotations

import sys
from typing import Any


class Log:
    """Loads what it speaks through when something is first said: a quiet start does without it, and is a fifth shorter."""

    def __init__(self, name: str) -> None:
        self._name = name

    def warning(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - whatever can be told
        _logger(self._name).warning(event, **facts)

    def exception(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - as above
        """With the traceback of the exception that is being handled."""
        _logger(self._name).exception(event, **facts)


def _logger(name: str) -> Any:  # noqa: ANN401 - structlog's own type says no more
    import structlog  # noqa: PLC0415 - see Log

    if not structlog.is_configured():
        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )
    return structlog.get_logger(name)
