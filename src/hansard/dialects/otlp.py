"""OTLP over HTTP: telemetry of agents becomes sessions, on the paths of OpenTelemetry and Langfuse.

Source: the OTLP specification 1.9, and Langfuse's SDK 5. Quirks kept on purpose:

- what is not of a conversation is taken, dropped and counted in ``partial_success``, status 200;
- Langfuse's SDK shows its keys by Basic authentication: the secret key is a key of ours, the public
  key may be anything;
- `Bearer%20` is `Bearer`: the variables of exporters are percent-encoded, and some leave it so;
- metrics are taken and dropped, as an exporter that is told one address sends them too;
- errors are JSON in either encoding: exporters only log them.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import sys
import time
from typing import TYPE_CHECKING, Any

from hansard.errors import Invalid
from hansard.http.compression import is_gzip, unpacked
from hansard.http.route import MIB, Dialect, Failure, Reply, Route
from hansard.interchange.otlp import read
from hansard.interchange.otlp_answers import metrics_dropped, partial_success

if TYPE_CHECKING:
    from hansard.http.call import Call
    from hansard.interchange.otlp import Batch, Signal

BODY, UNPACKED = 8 * MIB, 16 * MIB
_SHORT = 16 * 1024
"""A longer body takes milliseconds to read, so that a thread does it."""
_PACKAGE = "google.protobuf.message"
"""It takes long to load, so that a thread loads it with the first body."""
_PROTOBUF, _JSON = "application/x-protobuf", "application/json"
_ENCODED = "bearer%20"
_NOT_OURS = "not part of a conversation"


async def traces(call: Call[None, None]) -> Reply:
    """Take spans in OTLP

    Spans of calls to models become messages of sessions; the same span may come again. The answer
    counts the spans that are not part of a conversation.
    """
    return await _taken(call, "traces")


async def logs(call: Call[None, None]) -> Reply:
    """Take log records in OTLP

    Events `gen_ai.client.inference.operation.details` become messages of sessions. The answer
    counts the records that are none.
    """
    return await _taken(call, "logs")


async def metrics(call: Call[None, None]) -> Reply:
    """Take metrics in OTLP, and drop them

    They come where an exporter is told one address for all its signals. The answer says that none
    is kept.
    """
    is_json = _is_json(call.headers.get("content-type"))
    answer = await asyncio.to_thread(metrics_dropped, is_json=is_json)
    return Reply(body=answer, media_type=_JSON if is_json else _PROTOBUF)


async def _taken(call: Call[None, None], signal: Signal) -> Reply:
    is_json = _is_json(call.headers.get("content-type"))
    is_packed = is_gzip(call.headers.get("content-encoding"))
    now = time.time_ns() // 1000

    def work() -> Batch:
        data = unpacked(call.data, UNPACKED) if is_packed else call.data
        return read(data, is_json=is_json, signal=signal, now=now)

    is_short = len(call.data) <= _SHORT and (is_json or _PACKAGE in sys.modules)
    if call.threads is None and not is_short:
        batch = await asyncio.to_thread(work)
    else:
        batch = await call.off_loop(work)
    taken = await call.service.telemetry.take(call.principal, batch.traces)
    return Reply(
        body=partial_success(
            signal, batch.dropped + taken.refused, taken.reason or _NOT_OURS, is_json=is_json
        ),
        media_type=_JSON if is_json else _PROTOBUF,
    )


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in {_JSON, _PROTOBUF}:
        raise Invalid(
            f"the body is {kind or 'of no type'}: send {_PROTOBUF} or {_JSON}",
            code="unsupported_media_type",
            param="Content-Type",
        )
    return kind == _JSON


def _secret_key(call: Call[Any, Any]) -> str | None:
    """The password of Basic authentication, or a bearer's key behind ``%20``."""
    header = call.headers.get("authorization")
    if header.lower().startswith(_ENCODED):
        return header[len(_ENCODED) :].strip() or None
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return pair.partition(":")[2] or None


def _error(failure: Failure) -> dict[str, Any]:
    return {
        "code": failure.status,
        "message": failure.error.message,
        "reason": failure.error.code,
        "request_id": failure.request_id,
    }


_SHARED: dict[str, Any] = {
    "scope": "sessions:write",
    "raw_body": True,
    "body_limit": BODY,
    "request_types": (_PROTOBUF, _JSON),
    "returns": dict[str, Any],
    "response_types": (_PROTOBUF,),
}

dialect = Dialect(
    name="otlp",
    title="OpenTelemetry",
    description="OTLP over HTTP, for the telemetry of agents and for Langfuse's SDK.",
    prefixes=("/v1/traces", "/v1/logs", "/v1/metrics", "/api/public/otel"),
    routes=(
        Route("POST /v1/traces", traces, **_SHARED),
        Route("POST /v1/logs", logs, **_SHARED),
        Route("POST /v1/metrics", metrics, **_SHARED),
        Route("POST /api/public/otel/v1/traces", traces, **_SHARED),
    ),
    error=_error,
    credential=_secret_key,
    security_schemes={
        "basic": {
            "type": "http",
            "scheme": "basic",
            "description": "The secret key is a key of the workspace.",
        }
    },
)
