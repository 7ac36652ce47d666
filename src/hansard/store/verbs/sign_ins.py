"""Sign-ins: a digest of the browser's token, and the key that stands behind it."""

from __future__ import annotations

from hansard.store.steps import Steps, run, value


def sign_in(  # noqa: PLR0913 - the columns of a sign-in
    workspace_id: str, digest: str, purpose: str, key_id: str, now: int, expires_at: int
) -> Steps[None]:
    """Keep a sign-in and forget those that have expired."""
    yield from run("sign_in_trim", workspace_id=workspace_id, now=now)
    yield from run(
        "sign_in_put",
        workspace_id=workspace_id,
        digest=digest,
        purpose=purpose,
        key_id=key_id,
        now=now,
        expires_at=expires_at,
    )


def signed_in(workspace_id: str, digest: str, purpose: str, now: int) -> Steps[str | None]:
    """The id of the key behind a sign-in, None when there is none any more."""
    key_id: str | None = yield from value(
        "sign_in_get", workspace_id=workspace_id, digest=digest, purpose=purpose, now=now
    )
    return key_id


def sign_out(workspace_id: str, digest: str) -> Steps[bool]:
    """Forget a sign-in. Of several callers at once, only the first gets True."""
    return (
        yield from value("sign_in_delete", workspace_id=workspace_id, digest=digest)
    ) is not None
