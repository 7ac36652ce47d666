"""What the native API takes and shows of model tokens and their price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from hansard.model import Usage
from hansard.model.usage import SUMS
from hansard.native.schemas import Json

if TYPE_CHECKING:
    from hansard.model import Message, Run
    from hansard.model.usage import Spent


class UsageIn(Usage, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Model tokens and their price, as the caller reports them."""


class UsageOut(Struct, frozen=True, kw_only=True):
    """Model tokens and their price."""

    described_by: ClassVar[type[Struct]] = Usage
    example: ClassVar[Json] = Usage.example

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: float


def usage_out(spent: Message | Run) -> UsageOut:
    return UsageOut(**spent_out(spent))


def spent_out(spent: Message | Run | Spent) -> dict[str, Any]:
    """The fields of a ``UsageOut``."""
    tokens = {name: getattr(spent, name) for name in SUMS if name != "cost_nanos"}
    return tokens | {"cost_usd": spent.cost_nanos / 1e9}
