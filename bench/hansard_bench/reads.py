"""The contests of lists, history and search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard_bench.competitors import PAGE, floor_request, repeated, unwritten, written
from hansard_bench.measure import server_time
from hansard_bench.records import MARKED, MARKED_WORD
from hansard_bench.table import Row, duration, rate
from hansard_bench.wire import Unexpected

if TYPE_CHECKING:
    from hansard_bench.competitors import Arena, Store

DIALECTS = {
    "b3os": "/v1/ai/workflow/chat/sessions",
    "athena": "/api/v0/sessions",
    "pocketpaw": "/api/sessions",
    "konvo": "/ai-sessions",
}


async def prove(store: Store) -> None:
    """Raises Unexpected unless a list shows the write before it, with a total and a full page."""
    session = store.sessions[0]
    await store.ask(store.append(session), 201)
    page = await store.json(store.list())
    newest = page["data"][0]["id"]
    if newest != session or len(page["data"]) != PAGE or not page["total"]:
        raise Unexpected(
            f"the list does not begin with the session written last: {newest} instead of "
            f"{session}, "
            f"{len(page['data'])} items, total {page['total']}"
        )


async def written_list(arena: Arena) -> list[Row]:
    """The list with its exact total, a write between any two requests."""
    ours, targets = arena.ours, arena.targets
    await prove(ours)
    size = len((await ours.ask(ours.list())).body)
    measured = await arena.in_turn(
        {
            "floor": arena.constant_in_turn(size),
            "ours": (ours.load, written(ours.appends(), ours.list())),
        }
    )
    constant = (await arena.saturate({"floor": arena.constant(size)}))["floor"]
    spent = server_time(measured["ours"], measured["floor"], constant)
    share, times = 1 / constant.rate / spent, None
    if arena.idiomatic is not None:
        them = arena.idiomatic
        await prove(them)
        contest = {
            "them": (them.load, written(them.appends(), them.list(total=targets.idiomatic_counts)))
        }
        theirs = await arena.in_turn(contest, share=0.1)
        times = server_time(theirs["them"], measured["floor"], constant) / spent
    reached = share >= targets.written_list_of_floor and (
        times is None or times >= targets.written_list_of_idiomatic
    )
    return [
        Row(
            what="list newest 50 + exact total, a write between any two",
            measured=f"{rate(1 / spent)}, {duration(spent)}",
            floor=share,
            idiomatic=times,
            target=(
                f"≥ {targets.written_list_of_floor} floor, ≥ "
                f"{targets.written_list_of_idiomatic:.0f} "
                f"×{'' if targets.idiomatic_counts else ' uncounted'}"
            ),
            reached=reached,
            figures={"server_us": spent * 1e6, "floor_rate": constant.rate},
        )
    ]


async def unchanged_list(arena: Arena) -> list[Row]:
    """The same list while nothing is written; and asked with the ETag that it had."""
    ours, targets = arena.ours, arena.targets
    answer = await ours.ask(ours.list())
    tag = answer.header("etag")
    size = len(answer.body)
    contestants = {"floor": arena.constant(size), "ours": (ours.load, repeated(ours.list()))}
    if arena.idiomatic is not None:
        contestants["them"] = (arena.idiomatic.load, repeated(arena.idiomatic.list()))
    measured = await arena.saturate(contestants)
    share = measured["ours"].rate / measured["floor"].rate
    target = targets.list_of_floor
    listed = Row(
        what="the same list, nothing written since",
        measured=rate(measured["ours"].rate),
        floor=share,
        idiomatic=measured["ours"].rate / measured["them"].rate if "them" in measured else None,
        target=f"≥ {target} floor" if target else "",
        reached=share >= target if target else None,
    )
    return [listed, await _not_modified(arena, tag)]


async def _not_modified(arena: Arena, tag: str | None) -> Row:
    what, required = "the same list with If-None-Match: 304", arena.targets.not_modified_of_floor
    target = f"≥ {required} floor" if required else ""
    if tag is None:
        return Row(
            what=what, measured="no ETag", target=target, reached=False if required else None
        )
    ours = arena.ours
    contestants = {"floor": arena.constant(0), "ours": (ours.load, repeated(ours.list(etag=tag)))}
    measured = await arena.saturate(contestants, 200, 304)
    if (await ours.load.ask(ours.list(etag=tag))).status != 304:  # noqa: PLR2004 - Not Modified
        raise Unexpected("the list was answered whole though nothing was written")
    share = measured["ours"].rate / measured["floor"].rate
    return Row(
        what=what,
        measured=rate(measured["ours"].rate),
        floor=share,
        target=target,
        reached=share >= required if required else None,
    )


async def dialect_lists(arena: Arena) -> list[Row]:
    """Each dialect's list beside the native one, a write between any two requests."""
    ours, limit = arena.ours, arena.targets.dialect_of_native
    lists = {"native": ours.list()} | {
        name: ours.list(total=False, target=target) for name, target in DIALECTS.items()
    }
    sizes = {name: len((await ours.ask(data)).body) for name, data in lists.items()}
    contestants = {name: (ours.load, written(ours.appends(), data)) for name, data in lists.items()}
    contestants["floor"] = arena.constant_in_turn(sizes["native"])
    measured = await arena.in_turn(contestants)
    constant = (await arena.saturate({"floor": arena.constant(sizes["native"])}))["floor"]
    spent = {name: server_time(measured[name], measured["floor"], constant) for name in lists}
    return [
        Row(
            what=f"{name}'s list of 50, a write between any two",
            measured=f"{rate(1 / spent[name])}, {spent[name] / spent['native']:.2f} × native",
            floor=1 / constant.rate / spent[name],
            target=f"≤ {limit} × native",
            reached=spent[name] <= limit * spent["native"],
            figures={"bytes": sizes[name]},
        )
        for name in DIALECTS
    ]


async def history(arena: Arena) -> list[Row]:
    """The last 50 messages of a very long session."""
    ours, target = arena.ours, arena.targets.history_of_floor
    page = await ours.json(ours.history(ours.giant))
    seqs = [message["seq"] for message in page["data"]]
    if seqs != list(range(seqs[0], seqs[0] - PAGE, -1)):
        raise Unexpected("the history is not the last 50 messages, newest first")
    size = len((await ours.ask(ours.history(ours.giant))).body)
    contestants = {
        "floor": arena.constant(size),
        "ours": (ours.load, repeated(ours.history(ours.giant))),
    }
    if arena.idiomatic is not None:
        contestants["them"] = (
            arena.idiomatic.load,
            repeated(arena.idiomatic.history(arena.idiomatic.giant)),
        )
    measured = await arena.saturate(contestants)
    share = measured["ours"].rate / measured["floor"].rate
    return [
        Row(
            what=f"history: last 50 messages of a session of {seqs[0]:,}",
            measured=rate(measured["ours"].rate),
            floor=share,
            idiomatic=measured["ours"].rate / measured["them"].rate if "them" in measured else None,
            target=f"≥ {target} floor" if target else "",
            reached=share >= target if target else None,
            figures={"bytes": size},
        )
    ]


async def search(arena: Arena) -> list[Row]:
    """A common and a rare word in the largest workspace, newest 20 with snippets."""
    return [
        await _searched(arena, "common", arena.ours.common_word, arena.targets.common_word_ms),
        await _searched(arena, "rare", arena.ours.rare_word, arena.targets.rare_word_ms),
    ]


async def behind_writes(arena: Arena) -> list[Row]:
    """Parts of titles with the exact total, and a word, a write between any two requests.

    One part and the word are in as many sessions of a store of any size, the other part is in a
    share of all titles.
    """
    ours, targets = arena.ours, arena.targets
    total = (await ours.json(ours.list(title=ours.marked_part)))["total"]
    if total != MARKED:
        raise Unexpected(f"{total} sessions have {ours.marked_part!r} in their title, not {MARKED}")
    many = (await ours.json(ours.list(title=ours.common_part)))["total"]
    requests = (
        (
            f"part of {total} titles + exact total",
            ours.list(title=ours.marked_part),
            targets.title_ms,
        ),
        (
            f"part of {many:,} titles + exact total",
            ours.list(title=ours.common_part),
            targets.title_ms,
        ),
        (f"search a word of {MARKED} sessions", ours.search(MARKED_WORD), targets.rare_word_ms),
    )
    return [await _behind_writes(arena, *request) for request in requests]


async def _behind_writes(arena: Arena, what: str, data: bytes, limit_ms: float) -> Row:
    ours = arena.ours
    size = len((await ours.ask(data)).body)
    contestants = {
        "floor": arena.constant_in_turn(size),
        "ours": (ours.load, written(ours.appends(), data)),
    }
    measured = await arena.in_turn(contestants)
    constant = (await arena.saturate({"floor": arena.constant(size)}))["floor"]
    spent = server_time(measured["ours"], measured["floor"], constant)
    return Row(
        what=f"{what}, a write between any two",
        measured=f"{rate(1 / spent)}, {duration(spent)}",
        floor=1 / constant.rate / spent,
        target=f"≤ {limit_ms:g} ms",
        reached=spent * 1000 <= limit_ms,
        figures={"bytes": size, "server_us": spent * 1e6},
    )


async def _searched(arena: Arena, kind: str, word: str, limit_ms: float) -> Row:
    ours = arena.ours
    answer = await ours.ask(ours.search(word))
    if word.encode() not in answer.body.lower():
        raise Unexpected(f"the search for {word!r} found nothing that holds it")
    size = len(answer.body)
    contestants = {
        "floor": (arena.floor, unwritten([floor_request(size)])),
        "ours": (ours.load, unwritten([ours.search(word)])),
    }
    measured = await arena.in_turn(contestants)
    constant = (await arena.saturate({"floor": arena.constant(size)}))["floor"]
    spent = server_time(measured["ours"], measured["floor"], constant)
    times = None
    if arena.idiomatic is not None:
        them = arena.idiomatic
        theirs = await arena.in_turn(
            {"them": (them.load, unwritten([them.search(word)]))}, share=0.01
        )
        times = theirs["them"].p50 / measured["ours"].p50
    return Row(
        what=f"search a {kind} word, newest 20 with snippets",
        measured=duration(spent),
        floor=1 / constant.rate / spent,
        idiomatic=times,
        target=f"≤ {limit_ms} ms",
        reached=spent * 1000 <= limit_ms,
    )
