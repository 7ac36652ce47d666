"""The units of the model's numbers, as names of their types."""

from __future__ import annotations

from typing import TypeAlias

Microseconds: TypeAlias = int
"""A time: microseconds since 1970, UTC."""

NanoDollars: TypeAlias = int
"""A price: 10⁻⁹ US dollars."""
