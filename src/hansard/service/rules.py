"""What several nouns need: who asks for which session, limits of what may be written, doing a thing once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from hansard import ids
from hansard.errors import Invalid
from hansard.model.once import Once
from hansard.store.verbs.idempotency import guarded
from hansard.store.verbs.names import Ref

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec

    from hansard.access import Principal
    from hansard.store import Store
    from hansard.store.steps import Steps

    P = ParamSpec("P")

T = TypeVar("T")
TEXT, TAGS = 256, 64


def ref(principal: Principal, name: str) -> Ref:
    return Ref(principal.workspace_id, name, principal.user_id, principal.app)


def own_id(name: str, param: str = "id") -> str:
    """The caller's own id; Invalid when no path could carry it."""
    if not ids.is_own_id(name):
        raise Invalid(f"{param} must be 1-{ids.MAX_LENGTH} characters without a slash or a control character", param=param)
    return name


def short(text: str | None, param: str, length: int = TEXT) -> str | None:
    """A short text without NUL, None when it is blank."""
    if text is None:
        return None
    if len(text) > length:
        raise Invalid(f"{param} is longer than {length} characters", param=param)
    if "\x00" in text:
        raise Invalid(f"{param} contains a NUL character", param=param)
    return text or None


async def write(store: Store, once: Once | None, workspace_id: str, now: int, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """One transaction; with ``once`` its answer is kept and given again."""
    if once is None:
        return await store.write(verb, *args, **kwargs)
    return await store.write(guarded, once, workspace_id, now, lambda: verb(*args, **kwargs))
