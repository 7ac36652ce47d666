"""Make empty PostgreSQL databases for a run, in the place of those of the same names.

usage: python bench/databases.py URL NAME…

URL is that of any database of the server, with the right to create others.
"""

from __future__ import annotations

import asyncio
import sys

import asyncpg


async def make(url: str, names: list[str]) -> None:
    """Drop and create each database."""
    connection = await asyncpg.connect(url)
    for name in names:
        quoted = '"' + name.replace('"', '""') + '"'
        await connection.execute(f"drop database if exists {quoted} with (force)")
        await connection.execute(f"create database {quoted}")
    await connection.close()


if __name__ == "__main__":
    asyncio.run(make(sys.argv[1], sys.argv[2:]))
