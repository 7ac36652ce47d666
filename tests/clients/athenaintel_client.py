"""PyPI `athenaintel`, newest and 0.1.1900, used as its users do.

List, filter, sort, read, walk, mark, download.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from athena import Athena
from athena.core.api_error import ApiError
from athena.errors import NotFoundError, UnauthorizedError, UnprocessableEntityError
from athena.version import __version__
from checks import KEY, SEEDED, URL, check, done, expect, note

client = Athena(base_url=URL, api_key=KEY)
asset: dict[str, str] = {name: f"asset_{uuid}" for name, uuid in SEEDED["uuids"].items()}
times: dict[str, str] = SEEDED["created_at"]
plain: list[str] = SEEDED["plain"]
"""The short names of the sessions that a list shows without being asked for more."""


def names(sessions: Any) -> list[str]:
    """The short names of the sessions of one page."""
    known = {value: name for name, value in asset.items()}
    return [known[session.id] for session in sessions.items]


def refused(kind: type[ApiError], call: Any, **arguments: Any) -> ApiError:
    try:
        call(**arguments)
    except kind as problem:
        return problem
    message = f"{kind.__name__} was not raised"
    raise AssertionError(message)


def lists() -> None:
    with check("lists all plain sessions, sub-sessions and task sessions left out"):
        expect(sorted(names(client.sessions.list())), sorted(plain))
    with check("lists sub-sessions and task sessions when asked"):
        page = client.sessions.list(include_sub_sessions=True, include_task_sessions=True)
        expect(sorted(names(page)), sorted(asset))
    with check("limit and offset give a window of the same order"):
        whole = names(client.sessions.list())
        expect(names(client.sessions.list(limit=2, offset=1)), whole[1:3])
    with check("walks with the pager to the end"):
        expect(
            [s.id for s in client.sessions.list(limit=1)],
            [asset[name] for name in names(client.sessions.list())],
        )
    with check("walks with the pager over the overlapping pages of a larger limit"):
        expect({s.id for s in client.sessions.list(limit=3)}, {asset[name] for name in plain})
    with check("a page past the end is empty"):
        expect(names(client.sessions.list(offset=1000)), [])


def filters() -> None:
    with check("query finds a title in any case"):
        expect(names(client.sessions.list(query="INVOICE")), ["invoice"])
    with check("state, one and several"):
        expect(names(client.sessions.list(state=["running"])), ["running"])
        expect(
            sorted(names(client.sessions.list(state=["running", "failed"]))), ["failed", "running"]
        )
        expect(sorted(names(client.sessions.list(state=["running,failed"]))), ["failed", "running"])
        expect(names(client.sessions.list(state=["needs_input"])), ["waiting"])
    with check("source_channel"):
        expect(names(client.sessions.list(source_channel=["whatsapp"])), ["silent"])
    with check("session_type"):
        expect(sorted(names(client.sessions.list(session_type=["session"]))), sorted(plain))
        expect(names(client.sessions.list(session_type=["video_session"])), [])
    with check("app_id"):
        expect(names(client.sessions.list(app_id="billing")), ["invoice"])
    with check("created_after and created_before are inclusive"):
        at = dt.datetime.fromisoformat(times["failed"])
        expect(names(client.sessions.list(created_after=at, created_before=at)), ["failed"])
        zone = dt.timezone(dt.timedelta(hours=5, minutes=30))
        expect(
            names(
                client.sessions.list(
                    created_after=at.astimezone(zone), created_before=at.astimezone(zone)
                )
            ),
            ["failed"],
        )
    with check("an unknown state gives an empty list"):
        expect(names(client.sessions.list(state=["no such state"])), [])


def sorts() -> None:
    by_time = sorted(plain, key=lambda name: times[name])
    with check("created_at in both directions"):
        expect(names(client.sessions.list(sort_by="created_at", sort_direction="asc")), by_time)
        expect(
            names(client.sessions.list(sort_by="created_at", sort_direction="desc")), by_time[::-1]
        )
    with check("title in both directions, a missing one last"):
        titled = SEEDED["by_title"]
        expect(
            names(client.sessions.list(sort_by="title", sort_direction="asc")), [*titled, "silent"]
        )
        expect(
            names(client.sessions.list(sort_by="title", sort_direction="desc")),
            [*titled[::-1], "silent"],
        )


def reads() -> None:
    with check("reads one session with all that it holds"):
        session = client.sessions.get(asset["invoice"])
        expect(session.title, "Invoice 4711 is wrong")
        expect(
            (session.source_channel, session.app_id, session.agent, session.model),
            ("web", "billing", "clerk", "gpt-5"),
        )
        expect(
            (session.num_messages, session.state, session.session_type), (4, "completed", "session")
        )
        expect(session.created_at, dt.datetime.fromisoformat(times["invoice"]))
        expect(getattr(session, "session_status_v2", None), "idle")
    with check("reads by the thread id and by the caller's own id"):
        session = client.sessions.get(asset["invoice"])
        expect(client.sessions.get(session.thread_id).id, asset["invoice"])
        expect(client.sessions.get("clients-invoice").id, asset["invoice"])
    with check("a sub-session names its parent"):
        session = client.sessions.get(asset["branch"])
        expect((session.is_sub_session, session.parent_session_id), (True, asset["invoice"]))


def marks() -> None:
    if not hasattr(client.sessions, "mark_read"):
        note(f"athenaintel {__version__} has no mark_read and mark_unread")
        return
    with check("marks read and unread, twice each"):
        seen = [client.sessions.mark_read(asset["invoice"]).is_unread for _ in range(2)]
        seen += [client.sessions.mark_unread(asset["invoice"]).is_unread for _ in range(2)]
        expect(seen, [False, False, True, True])


def statuses() -> None:
    with check("the status of a thread"):
        thread = client.sessions.get(asset["running"]).thread_id
        status = client.threads.get_status(thread)
        expect((status.thread_id, status.status), (thread, "running"))
        info = status.conversation_asset
        expect(info.conversation_asset_id if info else None, asset["running"])
    with check("the status of a finished thread has its messages"):
        status = client.threads.get_status(client.sessions.get(asset["invoice"]).thread_id)
        info = status.conversation_asset
        expect(status.status, "completed")
        expect(
            [message.role for message in (info.messages or [] if info else [])],
            ["user", "assistant", "tool", "assistant"],
        )


def downloads() -> None:
    for form in ("trace", "messages", "stats"):
        with check(f"downloads {form}"):
            data = client.sessions.download(asset["invoice"], export_format=form)
            expect(isinstance(data, dict) and bool(data), True)
    with check(
        "downloads markdown (the client wraps what is not JSON in an ApiError of status 200)"
    ):
        problem = refused(
            ApiError, client.sessions.download, asset_id=asset["invoice"], export_format="markdown"
        )
        expect((problem.status_code, "Invoice 4711" in str(problem.body)), (200, True))


def errors() -> None:
    with check("an unknown id raises NotFoundError"):
        problem = refused(
            NotFoundError,
            client.sessions.get,
            asset_id="asset_00000000-0000-7000-8000-000000000000",
        )
        expect(list(problem.body), ["message"])
        refused(NotFoundError, client.sessions.download, asset_id="asset_unknown")
        refused(NotFoundError, client.threads.get_status, thread_id="unknown")
    with check("bad parameters raise UnprocessableEntityError"):
        problem = refused(UnprocessableEntityError, client.sessions.list, limit=501)
        expect(sorted(problem.body["detail"][0])[-3:], ["loc", "msg", "type"])
        refused(UnprocessableEntityError, client.sessions.list, offset=-1)
        refused(UnprocessableEntityError, client.sessions.list, sort_by="nothing")
        refused(
            UnprocessableEntityError,
            client.sessions.download,
            asset_id=asset["invoice"],
            export_format="pdf",
        )
    with check("a wrong key is refused"):
        stranger = Athena(base_url=URL, api_key="wrong")
        expect(refused(ApiError, stranger.sessions.list).status_code, 401)
        refused(UnauthorizedError, stranger.sessions.get, asset_id=asset["invoice"])
    with check("a base URL with the prefix doubled works too"):
        doubled = Athena(base_url=f"{URL}/api/v0", api_key=KEY)
        expect(sorted(names(doubled.sessions.list())), sorted(plain))
        expect(doubled.sessions.get(asset["invoice"]).id, asset["invoice"])


note(f"athenaintel {__version__}")
for part in (lists, filters, sorts, reads, marks, statuses, downloads, errors):
    part()
done()
