"""Workspaces of the server under test, for suites that begin each test with an empty store."""

from __future__ import annotations

import os
import secrets

import httpx

URL = os.environ["HANSARD_URL"]


def workspace_key() -> str:
    """The key of a new workspace."""
    answer = httpx.post(
        f"{URL}/v1/workspaces",
        headers={"Authorization": f"Bearer {os.environ['HANSARD_API_KEY']}"},
        json={"name": f"suite {secrets.token_hex(8)}"},
    )
    return str(answer.raise_for_status().json()["key"])
