"""Attacks with numbers: none that comes from outside sizes a list, a loop or an answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.inspect import IntType, Metadata, StructType, UnionType, type_info

from hansard.http.route import Route
from tests.attack.target import SESSION_IDS, STREAMS, Result, Target, body_of, is_failure

NUMBERS = (10**6, 2**31, 2**53, 2**62, 2**63 - 1, 2**63, 10**30, 0, -1, -(2**63), -(10**30))
MOST_SECONDS, MOST_BYTES = 5.0, 5_000_000


def _whole_fields(struct: type[msgspec.Struct] | None) -> Iterator[str]:
    """The names of the fields that take a whole number."""
    if struct is None:
        return
    described = type_info(struct)
    assert isinstance(described, StructType)
    for field in described.fields:
        kinds = field.type.types if isinstance(field.type, UnionType) else (field.type,)
        if any(
            isinstance(kind.type if isinstance(kind, Metadata) else kind, IntType) for kind in kinds
        ):
            yield field.encode_name


def _cases(route: Route) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is sent, and how, for each number in each place."""
    for number in NUMBERS:
        for name in _whole_fields(route.params):
            yield f"{name}={number}", {"params": {name: str(number)}}
        for name in _whole_fields(route.body):
            yield f"{name}: {number}", {"json": body_of(route) | {name: number}}


async def numbers(target: Target) -> Result:
    """Every whole number that a route declares, at and beyond the ends of 31, 53 and 63 bits."""
    result = Result("numbers that could size something")
    own = dict.fromkeys(SESSION_IDS, "own")
    for number, (dialect, route) in enumerate(target.private()):
        if route.media_type == STREAMS:
            continue
        for what, request in target.some(number, list(_cases(route))):
            began = time.perf_counter()
            answer = await target.send(dialect, route, target.path(route, **own), **request)
            seconds = time.perf_counter() - began
            result.count += 1
            shown = f"{route.method} {route.path} {what}"
            if is_failure(answer):
                result.findings.append(f"{shown}: {answer.status_code}")
            if seconds > MOST_SECONDS or len(answer.content) > MOST_BYTES:
                result.findings.append(f"{shown}: {seconds:.1f} s, {len(answer.content)} bytes")
    return result
