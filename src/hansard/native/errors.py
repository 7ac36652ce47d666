"""Error answers that several routes of the native API have, by status."""

from __future__ import annotations

NO_SESSION = {404: "`session_not_found`: no session of the workspace has this id."}
NO_MESSAGE = {
    404: "`session_not_found`, `message_not_found`: no such session, or no such message in it."
}
NO_RUN = {404: "`session_not_found`, `run_not_found`: no such session, or no such run in it."}
NOT_FOR_NARROWED = {403: "`narrowed_key`: the key is limited to one end user or application."}
FOREIGN_OWNER = {
    403: "`other_user`, `other_app`: the key is limited to another end user or application."
}
FIELD_TOO_LARGE = {413: "`field_too_large`: `metadata`, `trail` or `external_ids` is too large."}
