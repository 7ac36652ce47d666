"""With row-level security on, PostgreSQL itself separates the workspaces.

Also when a statement forgets to, and behind PgBouncer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from hansard.app import opened
from hansard.errors import StoreUnavailable
from hansard.model import MessageDraft, RunDraft, SessionDraft, parts
from hansard.service import Service
from hansard.settings import Settings
from hansard.store import statements
from hansard.store.postgres.security import EXEMPT
from tests.reliability.conftest import Figure
from tests.support.pgbouncer import pgbouncer
from tests.support.postgres import Server

OUTSIDE = re.compile(rf"\bfrom ({'|'.join(EXEMPT)})\b")
"""Statements on the tables that have no policy: they hold keys' digests and counters, nothing of a
session.
"""
FILTER = re.compile(r"\b(?:[a-z_]+\.)?workspace_id = :workspace_id\b")


@contextlib.asynccontextmanager
async def bound_role(url: str) -> AsyncIterator[str]:
    """The URL of the same database for a role that row-level security binds.

    The tables are secured for it.
    """
    role, password = f"app_{secrets.token_hex(4)}", secrets.token_hex(8)
    owner = await asyncpg.connect(url)
    await owner.execute(f"create role {role} login nosuperuser nobypassrls password '{password}'")
    try:
        async with opened(Settings(store=url)) as service:
            await service.store.secure(role)
        yield str(httpx.URL(url).copy_with(username=role, password=password))
    finally:
        await owner.execute(f"drop owned by {role}; drop role {role}")
        await owner.close()


async def fill(service: Service, name: str) -> str:
    principal = service.workspaces.operator(await service.workspaces.create(name))
    for number in range(3):
        await service.sessions.start(
            principal, SessionDraft(id=f"{name}-{number}", tags=[name], title=name)
        )
        await service.messages.append(
            principal,
            f"{name}-{number}",
            [MessageDraft(role="user", parts=parts.text_part(name), text=name, client_id=name)],
        )
        await service.runs.start(principal, f"{name}-{number}", RunDraft(id=f"run-{name}"))
    return principal.workspace_id


async def without_filter(url: str, owner_url: str, *, row_security: bool) -> tuple[int, int]:
    """Run every reading statement with its workspace filter taken out.

    How many statements, and the foreign rows that came back.
    """
    async with opened(
        Settings(store=url, row_security=row_security, migrate=False, prepared=False)
    ) as service:
        own = await fill(service, f"own-{secrets.token_hex(3)}")
        foreign_id = await fill(service, f"foreign-{secrets.token_hex(3)}")
        owner = await asyncpg.connect(owner_url)
        everything = {
            row[0]: row[1] for row in await owner.fetch("select id, workspace_id from sessions")
        }
        await owner.close()
        theirs = {ident for ident, workspace in everything.items() if workspace == foreign_id}
        texts = [
            text
            for name, text in statements.load("postgres").items()
            if text.lower().startswith(("select", "with"))
            and FILTER.search(text)
            and not OUTSIDE.search(text)
        ]
        ran = foreign = 0
        reader = await asyncpg.connect(url, statement_cache_size=0)
        for text in texts:
            rows = await _rows(reader, FILTER.sub("true or :workspace_id = ''", text), own)
            if rows is not None:
                ran += 1
                foreign += sum(
                    any(
                        value in theirs or value == foreign_id
                        for value in row
                        if isinstance(value, str)
                    )
                    for row in rows
                )
        await reader.close()
    return ran, foreign


async def _rows(
    connection: asyncpg.Connection, text: str, workspace_id: str
) -> list[asyncpg.Record] | None:
    """What a statement without its filter gives to a transaction of one workspace.

    None for one that cannot run alone.
    """
    sql, names = statements.numbered(text)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.fetchval("select set_config('hansard.workspace', $1, true)", workspace_id)
        kinds = (await connection.prepare(sql)).get_parameters()
        values = [
            workspace_id if name == "workspace_id" else _value(name, kind.name)
            for name, kind in zip(names, kinds, strict=True)
        ]
        records: list[asyncpg.Record] = await connection.fetch(sql, *values)
    except asyncpg.PostgresError:
        return None
    else:
        return records
    finally:
        await transaction.rollback()


def _value(name: str, kind: str) -> object:
    if kind.endswith("[]"):
        return []
    if kind in {"int8", "int4"}:
        return 1000 if name in {"limit", "before", "until", "now"} else 0
    return (
        b""
        if kind == "bytea"
        else "[]"
        if kind in {"text", "json"} and name.endswith("ids")
        else ""
    )


async def test_a_statement_without_its_filter_shows_no_foreign_row(
    postgres_url: str, figure: Figure
) -> None:
    async with bound_role(postgres_url) as url:
        ran, foreign = await without_filter(url, postgres_url, row_security=True)
    figure(f"{ran} statements without their workspace filter: {foreign} foreign rows")
    assert ran > 20
    assert foreign == 0


async def test_without_the_policy_the_missing_filter_is_seen(
    postgres_url: str, figure: Figure
) -> None:
    async with opened(Settings(store=postgres_url)):
        pass
    ran, foreign = await without_filter(postgres_url, postgres_url, row_security=False)
    figure(f"{ran} statements without filter and policy: {foreign} foreign rows")
    assert foreign > 0


async def test_every_table_of_tenants_has_the_policy(postgres_url: str, figure: Figure) -> None:
    async with bound_role(postgres_url):
        owner = await asyncpg.connect(postgres_url)
        rows = await owner.fetch(
            "select c.relname, c.relforcerowsecurity from pg_class as c join pg_attribute as a on "
            "a.attrelid = c.oid"
            " where c.relkind = 'r' and a.attname = 'workspace_id' and c.relnamespace = "
            "'public'::regnamespace"
        )
        await owner.close()
    bare = {row[0] for row in rows if not row[1]}
    figure(f"{len(rows) - len(bare)} tables with the policy, without it: {', '.join(sorted(bare))}")
    assert bare == set(EXEMPT)


async def test_the_store_refuses_a_role_that_is_exempt(postgres_url: str) -> None:
    with pytest.raises(StoreUnavailable, match="exempt"):
        async with opened(Settings(store=postgres_url, row_security=True)):
            pass


async def test_without_the_setting_nothing_is_hidden_silently(
    postgres_url: str, tmp_path: Path, figure: Figure
) -> None:
    """A role that sees no row refuses to open.

    A backup by one that the policy binds fails, and is never an empty one.
    """
    async with opened(Settings(store=postgres_url)) as service:
        await fill(service, "kept")
    async with bound_role(postgres_url) as url:
        with pytest.raises(StoreUnavailable, match="row_security = true"):
            async with opened(Settings(store=url, migrate=False)):
                pass
        async with opened(Settings(store=url, migrate=False, row_security=True)) as service:
            findings = await service.verification.verify()
            with pytest.raises(StoreUnavailable, match="exempt"):
                await service.store.backup(tmp_path / "backup", lambda _share: None)
        async with opened(Settings(store=postgres_url)) as service:
            await service.store.backup(tmp_path / "backup", lambda _share: None)
    figure(
        f"verify as the bound role sees {findings.messages} of 3 messages; its backup is refused"
    )
    assert (findings.messages, findings.is_sound) == (3, True)


@pytest.mark.damages_its_store("it drops its database")
def test_the_command_puts_the_policy_on(postgres_server: Server, postgres_url: str) -> None:
    role = f"app_{secrets.token_hex(4)}"
    postgres_server._execute(f"create role {role} login")
    try:
        command = [
            sys.executable,
            "-m",
            "hansard",
            "secure",
            "--role",
            role,
            "--store",
            postgres_url,
        ]
        first, again = (
            subprocess.run([*command, *more], capture_output=True, text=True, check=True).stdout
            for more in ([], ["--json"])
        )
        assert role in first
        assert "sessions" in json.loads(again)["tables"]
    finally:
        postgres_server.drop_database(postgres_url)
        postgres_server._execute(f"drop role {role}")


async def test_the_audit_log_cannot_be_rewritten_by_the_server(postgres_url: str) -> None:
    async with bound_role(postgres_url) as url:
        connection = await asyncpg.connect(url)
        for statement in ("update audit_log set actor = 'x'", "delete from audit_log"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        await connection.close()


async def test_it_holds_through_pgbouncer_in_transaction_mode(
    postgres_url: str, tmp_path: Path, figure: Figure
) -> None:
    """Two connections shared by twenty callers of two workspaces: none sees a row of the other."""
    async with bound_role(postgres_url) as url:
        with pgbouncer(tmp_path, url, connections=2) as bouncer:
            through = bouncer.through(url)
            ran, foreign = await without_filter(through, postgres_url, row_security=True)
            async with opened(
                Settings(store=through, row_security=True, migrate=False, prepared=False)
            ) as service:
                names = [f"w{number}-{secrets.token_hex(3)}" for number in range(2)]
                workspaces = [await fill(service, name) for name in names]
                mixed = await asyncio.gather(
                    *(_titles(service, workspaces[number % 2]) for number in range(200))
                )
    wrong = sum(titles != {names[number % 2]} for number, titles in enumerate(mixed))
    figure(
        f"PgBouncer in transaction mode: {ran} statements without filter, {foreign} foreign rows; "
        f"200 mixed lists, {wrong} wrong"
    )
    assert foreign == 0
    assert wrong == 0


async def _titles(service: Service, workspace_id: str) -> set[str | None]:
    from hansard.model import SessionQuery  # noqa: PLC0415 - here alone

    principal = service.workspaces.operator(await service.workspaces.read(workspace_id))
    return {
        item.title
        for item in (await service.sessions.list(principal, SessionQuery(limit=50))).items
    }
