"""Make what a client offers out of what is asked: each verb is written once, as a function that returns its request."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import wraps
from itertools import islice
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from hansard.client.pages import next_page
from hansard.client.requests import Request
from hansard.client.structs import Page
from hansard.client.wire import AsyncWire, Wire

P = ParamSpec("P")
T = TypeVar("T")


class Resource:
    """The verbs of one noun."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire


class AsyncResource:
    """The verbs of one noun, to be awaited."""

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire


class Pages(Generic[T]):
    """A list that pages by itself while it is iterated; each iteration asks anew."""

    def __init__(self, wire: Wire, request: Request[Page[T]]) -> None:
        self._wire = wire
        self._request = request

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.data

    def pages(self) -> Iterator[Page[T]]:
        """Page by page."""
        request: Request[Page[T]] | None = self._request
        while request is not None:
            page = self._wire.send(request)
            yield page
            request = next_page(request, page)

    def first(self, count: int) -> list[T]:
        """The first so many, or all if there are fewer."""
        return list(islice(self, count))

    def page(self) -> Page[T]:
        """The first page alone."""
        return self._wire.send(self._request)


class AsyncPages(Generic[T]):
    """A list that pages by itself while it is iterated; each iteration asks anew."""

    def __init__(self, wire: AsyncWire, request: Request[Page[T]]) -> None:
        self._wire = wire
        self._request = request

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for one in page.data:
                yield one

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Page by page."""
        request: Request[Page[T]] | None = self._request
        while request is not None:
            page = await self._wire.send(request)
            yield page
            request = next_page(request, page)

    async def first(self, count: int) -> list[T]:
        """The first so many, or all if there are fewer."""
        found: list[T] = []
        if count > 0:
            async for one in self:
                found.append(one)
                if len(found) == count:
                    break
        return found

    async def page(self) -> Page[T]:
        """The first page alone."""
        return await self._wire.send(self._request)


def blocking(ask: Callable[P, Request[T]]) -> Callable[Concatenate[Resource, P], T]:
    def verb(noun: Resource, /, *args: P.args, **given: P.kwargs) -> T:
        return noun._wire.send(ask(*args, **given))  # noqa: SLF001 - the noun's own verb

    return _named(verb, ask)


def awaiting(
    ask: Callable[P, Request[T]],
) -> Callable[Concatenate[AsyncResource, P], Coroutine[Any, Any, T]]:
    def verb(noun: AsyncResource, /, *args: P.args, **given: P.kwargs) -> Coroutine[Any, Any, T]:
        return noun._wire.send(ask(*args, **given))  # noqa: SLF001 - the noun's own verb

    return _named(verb, ask)


def paging(ask: Callable[P, Request[Page[T]]]) -> Callable[Concatenate[Resource, P], Pages[T]]:
    def verb(noun: Resource, /, *args: P.args, **given: P.kwargs) -> Pages[T]:
        return Pages(noun._wire, ask(*args, **given))  # noqa: SLF001 - the noun's own verb

    return _named(verb, ask)


def async_paging(
    ask: Callable[P, Request[Page[T]]],
) -> Callable[Concatenate[AsyncResource, P], AsyncPages[T]]:
    def verb(noun: AsyncResource, /, *args: P.args, **given: P.kwargs) -> AsyncPages[T]:
        return AsyncPages(noun._wire, ask(*args, **given))  # noqa: SLF001 - the noun's own verb

    return _named(verb, ask)


V = TypeVar("V", bound=Callable[..., object])


def _named(verb: V, ask: Callable[..., object]) -> V:
    """Give the verb the name, the words and the parameters of what is asked."""
    named = wraps(ask)(verb)
    asked = inspect.signature(ask)
    noun = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    named.__signature__ = asked.replace(  # type: ignore[attr-defined]  # inspect reads it
        parameters=[noun, *asked.parameters.values()], return_annotation=inspect.Signature.empty
    )
    return verb
