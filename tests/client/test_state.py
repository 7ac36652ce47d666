"""The client's verbs for documents and checkpoints, blocking and async."""

from __future__ import annotations

import uuid

import pytest

from hansard.client import AsyncHansard, Conflict, Hansard, NotFound


@pytest.fixture
def name() -> str:
    return f"state {uuid.uuid4()}"


def test_documents_are_set_read_listed_and_deleted(hansard: Hansard, name: str) -> None:
    hansard.sessions.start(name, app=name)
    first = hansard.documents.put("a/b", {"x": None}, session=name)
    assert (first.revision, first.value) == (1, None)
    assert hansard.documents.read("a/b", session=name).value == {"x": None}
    hansard.documents.put("a/b", {"y": True}, session=name, merge=True, if_revision=1)
    with pytest.raises(Conflict) as stale:
        hansard.documents.put("a/b", 1, session=name, if_revision=1)
    assert stale.value.code == "revision_mismatch"
    hansard.documents.put("raw", base64=b"\xff", session=name)
    matches = list(hansard.documents.list(session=name, page_size=1))
    assert [(each.key, each.value, each.base64) for each in matches] == [
        ("a/b", {"x": None, "y": True}, None),
        ("raw", None, b"\xff"),
    ]
    (session,) = hansard.sessions.list(app=name, with_documents="a/b")
    assert session.documents["a/b"].value == {"x": None, "y": True}
    hansard.documents.delete("raw", session=name)
    with pytest.raises(NotFound):
        hansard.documents.read("raw", session=name)
    done = hansard.documents.batch(
        [{"scope": "app", "app": name, "key": "k", "value": 1}],
        [{"scope": "session", "session": name, "key": "a/b"}],
    )
    assert [each.key for each in done] == ["k"]


def test_checkpoints_come_back_as_they_were_put(hansard: Hansard, name: str) -> None:
    hansard.checkpoints.put(
        name,
        "c1",
        data=b"\x00one",
        type="raw",
        run=name,
        meta=b"meta",
        facts={"step": 1, "last": True, "none": None},
        blobs=[{"channel": "a", "version": "1", "type": "raw", "data": b"blob"}],
        start={"channel": "langgraph"},
        messages=[{"role": "user", "text": "hello"}],
        documents=[{"scope": "session", "key": "k", "value": 1}],
    )
    hansard.checkpoints.write(
        name, "c1", "t", [{"idx": 0, "channel": "a", "type": "raw", "data": b"w"}], path_in_task="p"
    )
    hansard.checkpoints.put(name, "c2", data=b"two", type="raw", parent="c1", ns="sub")
    newest, first = hansard.checkpoints.list(name)
    assert (newest.id, newest.parent, newest.ns) == ("c2", "c1", "sub")
    assert (first.data, first.meta, first.blobs[0].data) == (b"\x00one", b"meta", b"blob")
    assert [(each.task, each.path, each.data) for each in first.writes] == [("t", "p", b"w")]
    facts = {"step": 1, "last": True, "none": None}
    assert [each.id for each in hansard.checkpoints.list(name, facts=facts)] == ["c1"]
    assert [each.id for each in hansard.checkpoints.list(facts={"step": 1}) if each.run == name]
    assert hansard.messages.list(name).first(1)[0].text == "hello"
    assert hansard.checkpoints.prune(name, 1, ns="") == 0
    assert hansard.checkpoints.delete_run(name) == 1


async def test_the_async_client_has_the_same(ahansard: AsyncHansard, name: str) -> None:
    state = {"a": 1}
    await ahansard.messages.append(
        name,
        {"role": "user", "text": "hello"},
        start={},
        documents=[{"scope": "session", "key": "state", "value": state, "merge": True}],
    )
    assert (await ahansard.documents.read("state", session=name)).value == state
    await ahansard.checkpoints.put(name, "c", data=b"x", type="raw")
    assert [each.data async for each in ahansard.checkpoints.list(name)] == [b"x"]


def test_checkpoints_before_one_are_walked_page_after_page(hansard: Hansard, name: str) -> None:
    for number in range(5):
        hansard.checkpoints.put(name, f"c{number}", data=b"x", type="raw", start={})
    walked = hansard.checkpoints.list(name, before="c4", page_size=1)
    assert [each.id for each in walked] == ["c3", "c2", "c1", "c0"]
