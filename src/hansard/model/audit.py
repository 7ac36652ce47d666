"""Which entries of the audit log are wanted."""

from __future__ import annotations

from msgspec import Struct


class AuditFilter(Struct, frozen=True, kw_only=True):
    """An entry passes every field; the values of one are alternatives.

    ``action`` is one such as ``key.created``, or the noun before its dot for all of that noun.
    """

    actor: tuple[str, ...] = ()
    action: tuple[str, ...] = ()
    object: tuple[str, ...] = ()
    result: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return self == AuditFilter()

    def passes(self, *, actor: str, action: str, thing: str, result: str) -> bool:
        is_action = not self.action or not {action, action.partition(".")[0]}.isdisjoint(
            self.action
        )
        return is_action and all(
            not wanted or value in wanted
            for wanted, value in ((self.actor, actor), (self.object, thing), (self.result, result))
        )
