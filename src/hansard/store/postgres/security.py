"""Row-level security: a second belt, for the day on which a statement forgets its workspace.

The tables belong to one role, the server runs as another that is neither a superuser nor exempt.
Each transaction says with ``set_config`` which workspace it is of; a policy on every table of
tenants hides all other rows, from the owner as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hansard.errors import Invalid, StoreUnavailable

if TYPE_CHECKING:
    from hansard.store.steps import Query

EXEMPT = (
    "audit_heads",
    "keys",
    "pending_forks",
    "recounts",
    "removals",
    "search_workspaces",
    "stats_marks",
    "stats_positions",
    "stats_progress",
    "webhook_deliveries",
    "webhooks",
    "workspace_counters",
)
"""Tables that must be read before the workspace is known, or across workspaces; none holds what a
session says.
"""
APPEND_ONLY = ("audit_log",)
_TABLES = """
select c.relname, c.relforcerowsecurity
  from pg_class as c join pg_attribute as a on a.attrelid = c.oid
 where c.relnamespace = current_schema()::regnamespace
   and c.relkind in ('r', 'p') and not c.relispartition
   and a.attname = 'workspace_id' and not a.attisdropped and c.relname <> all ($1::text[])
 order by 1
"""
_POLICY = """
alter table {table} enable row level security;
alter table {table} force row level security;
drop policy if exists workspace on {table};
create policy workspace on {table} using (workspace_id = current_setting('hansard.workspace', true))
  with check (workspace_id = current_setting('hansard.workspace', true));
"""
_GRANTS = """
grant usage on schema {schema} to {role};
grant select, insert, update, delete on all tables in schema {schema} to {role};
alter default privileges in schema {schema}
  grant select, insert, update, delete on tables to {role};
"""


async def secure(connection: Any, role: str) -> list[str]:  # noqa: ANN401 - the pool's proxy
    """Put the policy on every table of tenants and let ``role`` work with them; the tables.

    To be run by their owner.
    """
    if (
        await connection.fetchval(
            "select 1 from pg_roles where rolname = $1 and not rolsuper and not rolbypassrls", role
        )
        is None
    ):
        raise Invalid(
            f"{role!r} is not a role that row-level security binds: create role {role} login "
            "nosuperuser nobypassrls",
            param="role",
        )
    tables = [row[0] for row in await connection.fetch(_TABLES, list(EXEMPT))]
    names = await connection.fetchrow("select quote_ident(current_schema()), quote_ident($1)", role)
    async with connection.transaction():
        await connection.execute(_GRANTS.format(schema=names[0], role=names[1]))
        for table in tables:
            await connection.execute(_POLICY.format(table=table))
        for table in APPEND_ONLY:
            await connection.execute(f"revoke update, delete, truncate on {table} from {names[1]}")
    return tables


async def require(connection: Any) -> None:  # noqa: ANN401 - the pool's proxy
    """Raises StoreUnavailable where the database would show this role every workspace's rows."""
    if await connection.fetchval(
        "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
    ):
        raise StoreUnavailable(
            "row_security is on, but the role of the store's URL is exempt from it: use one that "
            "is not",
            code="row_security_ineffective",
        )
    open_tables = [row[0] for row in await connection.fetch(_TABLES, list(EXEMPT)) if not row[1]]
    if open_tables:
        raise StoreUnavailable(
            f"row_security is on, but {', '.join(open_tables)} have no policy: run 'hansard "
            "secure' as their owner",
            code="row_security_ineffective",
        )


async def refuse(connection: Any) -> None:  # noqa: ANN401 - the pool's proxy
    """Raises StoreUnavailable where the database would hide every row from this role.

    That happens when no transaction names its workspace.
    """
    if await connection.fetchval(
        "select case when to_regclass('sessions') is null then false else "
        "row_security_active('sessions') end"
    ):
        raise StoreUnavailable(
            "row-level security is on in this database: set row_security = true, or use a role "
            "that is exempt from it",
            code="row_security_ineffective",
        )


async def act_for(connection: Any, query: Query, tenant: str | None) -> str | None:  # noqa: ANN401 - the pool's proxy
    """Tell the database the workspace of the transaction, and return it.

    It is the query's workspace, else ``tenant``.
    """
    values = query.values if query.many is None else query.many[0] if query.many else {}
    workspace_id = values.get("workspace_id", tenant)
    if workspace_id != tenant:
        await connection.fetchval("select set_config('hansard.workspace', $1, true)", workspace_id)
    return workspace_id if isinstance(workspace_id, str) else tenant
