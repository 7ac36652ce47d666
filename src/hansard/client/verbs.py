"""Methods of both clients, made from functions that return a request: each is written once."""

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
    """The methods of one kind of object."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire


class AsyncResource:
    """The methods of one kind of object, to be awaited."""

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire


class Pages(Generic[T]):
    """A list that fetches page after page while it is iterated; each iteration starts again."""

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
        """The first ``count``, or all if there are fewer."""
        return list(islice(self, count))

    def page(self) -> Page[T]:
        """The first page."""
        return self._wire.send(self._request)


class AsyncPages(Generic[T]):
    """A list that fetches page after page while it is iterated; each iteration starts again."""

    def __init__(self, wire: AsyncWire, request: Request[Page[T]]) -> None:
        self._wire = wire
        self._request = request

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.data:
                yield item

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Page by page."""
        request: Request[Page[T]] | None = self._request
        while request is not None:
            page = await self._wire.send(request)
            yield page
            request = next_page(request, page)

    async def first(self, count: int) -> list[T]:
        """The first ``count``, or all if there are fewer."""
        items: list[T] = []
        if count > 0:
            async for item in self:
                items.append(item)
                if len(items) == count:
                    break
        return items

    async def page(self) -> Page[T]:
        """The first page."""
        return await self._wire.send(self._request)


def blocking(request_of: Callable[P, Request[T]]) -> Callable[Concatenate[Resource, P], T]:
    def verb(resource: Resource, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return resource._wire.send(request_of(*args, **kwargs))  # noqa: SLF001 - its own method

    return _named(verb, request_of)


def awaiting(
    request_of: Callable[P, Request[T]],
) -> Callable[Concatenate[AsyncResource, P], Coroutine[Any, Any, T]]:
    def verb(
        resource: AsyncResource, /, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, T]:
        return resource._wire.send(request_of(*args, **kwargs))  # noqa: SLF001 - its own method

    return _named(verb, request_of)


def paging(
    request_of: Callable[P, Request[Page[T]]],
) -> Callable[Concatenate[Resource, P], Pages[T]]:
    def verb(resource: Resource, /, *args: P.args, **kwargs: P.kwargs) -> Pages[T]:
        return Pages(resource._wire, request_of(*args, **kwargs))  # noqa: SLF001 - its own method

    return _named(verb, request_of)


def async_paging(
    request_of: Callable[P, Request[Page[T]]],
) -> Callable[Concatenate[AsyncResource, P], AsyncPages[T]]:
    def verb(resource: AsyncResource, /, *args: P.args, **kwargs: P.kwargs) -> AsyncPages[T]:
        return AsyncPages(resource._wire, request_of(*args, **kwargs))  # noqa: SLF001 - its own method

    return _named(verb, request_of)


V = TypeVar("V", bound=Callable[..., object])


def _named(verb: V, request_of: Callable[..., object]) -> V:
    """Give the method the name, docstring and parameters of the function it is made from."""
    named = wraps(request_of)(verb)
    signature = inspect.signature(request_of)
    self_ = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    named.__signature__ = signature.replace(  # type: ignore[attr-defined]  # inspect reads it
        parameters=[self_, *signature.parameters.values()],
        return_annotation=inspect.Signature.empty,
    )
    return verb
