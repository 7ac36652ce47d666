"""Every suite that is made from the router, in the order in which they run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.attack import forgery, imports, inputs, narrowed, numbers, secrets, tenants
from tests.attack.target import Result, Target

Suite = Callable[[Target], Awaitable[Result]]
SUITES: tuple[Suite, ...] = (
    tenants.foreign_ids,
    tenants.credentials,
    tenants.scopes,
    tenants.escalation,
    narrowed.narrowed,
    tenants.mass_assignment,
    inputs.hostile_strings,
    inputs.cursors,
    inputs.idempotency,
    inputs.methods,
    inputs.bodies,
    numbers.numbers,
    inputs.forms,
    forgery.forgery,
    tenants.foreign_ids_in_bodies,
    imports.hostile_imports,
    secrets.secrets_at_rest,
)
