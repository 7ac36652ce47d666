"""The process's log for its operator.

One JSON line per event; tracebacks without the values of variables.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

_KEY = re.compile(r"(hsd_[A-Za-z0-9]{1,8})[A-Za-z0-9_]*")
_QUERY = re.compile(r"\?[^\s\"']+")


class Log:
    """Imports structlog on first use, so that a quiet start does without it and is a fifth shorter.

    A server calls ``preload`` once it runs.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def warning(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - whatever can be told
        logger(self._name).warning(event, **facts)

    def exception(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - as above
        """With the traceback of the exception that is being handled."""
        logger(self._name).exception(event, **facts)


class JsonHandler(logging.Handler):
    """Writes what libraries log, uvicorn and asyncio among them, as lines of ours.

    Without keys and query strings.
    """

    def emit(self, record: logging.LogRecord) -> None:
        try:
            logger(record.name).log(
                record.levelno,
                _QUERY.sub("?…", without_keys(record.getMessage())),
                logger=record.name,
                exc_info=record.exc_info or None,
            )
        except Exception:  # noqa: BLE001 - a log that fails must not end what it tells of
            self.handleError(record)


def capture_all() -> None:
    """Write everything on standard error as lines of JSON: libraries, warnings and tracebacks."""
    logging.basicConfig(handlers=[JsonHandler()], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    sys.excepthook = _note_uncaught
    threading.excepthook = lambda hook: _note_uncaught(
        hook.exc_type, hook.exc_value or hook.exc_type(), hook.exc_traceback
    )
    sys.unraisablehook = lambda hook: _note_uncaught(
        hook.exc_type, hook.exc_value or hook.exc_type(), hook.exc_traceback
    )


def preload() -> None:
    """Load what the first line needs on a thread of its own, so that it holds nothing up."""
    threading.Thread(target=logger, args=("hansard",), name="hansard-log", daemon=True).start()


def without_keys(text: str) -> str:
    """The text with no more of an API key than its id."""
    return _KEY.sub(r"\1…", text) if "hsd_" in text else text


def _note_uncaught(
    kind: type[BaseException], problem: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logger("hansard").error(
        "uncaught exception", error=kind.__name__, exc_info=(kind, problem, trace)
    )


def logger(name: str) -> Any:  # noqa: ANN401 - structlog's own type says no more
    """Structlog's logger of this name; the first call configures structlog, unless a host did."""
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
