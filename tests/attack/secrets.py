"""Secrets that must not stand in a store, nor in a backup of it."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from tests.attack.target import Result, Target


async def secrets_at_rest(target: Target) -> Result:
    """No key, sign-in or invitation stands in the store, nor in a backup of it."""
    result = Result("secrets in a backup")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "backup"
        await target.service.store.backup(file, lambda _share: None)
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                content = b"".join(archive.read(name) for name in archive.namelist())
        else:
            content = file.read_bytes()
    for caller in (target.caller, target.victim_caller):
        for secret in (caller.key, caller.key[13:45], caller.token, caller.proof):
            result.count += 1
            if secret.encode() in content:
                result.findings.append(f"a secret stands in the store: {secret[:6]}…")
    if target.ids["session_id"].encode() not in content:
        result.findings.append("the backup is empty: nothing was tested")
    return result
