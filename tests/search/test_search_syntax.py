"""What somebody typed, and what it means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.model import SessionFilter
from hansard.model.session_filter import FILTERS
from hansard.model.times import Moment
from hansard.service.search_syntax import read, within
from hansard.store.search_query import Either, Part, SearchTerms, Term, of_tools
from hansard.store.word_forms import stem_of

SYSTEM = Term(("=s",))


def word(text: str) -> Term:
    """A word that was typed without quotes: any form of it will do."""
    return Term((text,), stem=stem_of(text))


DAY = 1_767_225_600_000_000
NOW = 1_769_817_600_000_000  # 2026-01-31T00:00:00Z


@pytest.mark.parametrize(
    ("text", "terms", "filters"),
    [
        (
            "hello world",
            SearchTerms((word("hello"), word("world")), (SYSTEM,)),
            SessionFilter(),
        ),
        ('"hello world"', SearchTerms((Term(("hello", "world")),), (SYSTEM,)), SessionFilter()),
        (
            '"hello wor"*',
            SearchTerms((Term(("hello", "wor"), prefix=True),), (SYSTEM,)),
            SessionFilter(),
        ),
        ("hel*", SearchTerms((Term(("hel",), prefix=True),), (SYSTEM,)), SessionFilter()),
        ("a -bad", SearchTerms((word("a"),), (SYSTEM, word("bad"))), SessionFilter()),
        ('a -"b c"', SearchTerms((word("a"),), (SYSTEM, Term(("b", "c")))), SessionFilter()),
        ("state:failed,running", None, SessionFilter(state=("failed", "running"))),
        ("Channel:WEB x", SearchTerms((word("x"),), (SYSTEM,)), SessionFilter(channel=("web",))),
        ('user:"a b"', None, SessionFilter(user_id=("a b",))),
        ("tag:x tag:y", None, SessionFilter(tag=("x", "y"))),
        ("role:user", SearchTerms((Term(("=u",)),)), SessionFilter()),
        ("role:system x", SearchTerms((SYSTEM, word("x"))), SessionFilter()),
        ("has:tool", SearchTerms((Term(("=x",)),), (SYSTEM,)), SessionFilter()),
        ("after:2026-01-01", None, SessionFilter(active_from=Moment(DAY))),
        ("before:2026-01-01", None, SessionFilter(active_until=Moment(DAY - 1))),
        ("before:yesterday", None, SessionFilter(active_until=Moment(NOW - 86_400_000_000 - 1))),
        ("foo:bar", SearchTerms((Term(("foo", "bar")),), (SYSTEM,)), SessionFilter()),
        ("-state:failed", None, SessionFilter(without=(SessionFilter(state=("failed",)),))),
        (
            "https://x.org/y",
            SearchTerms((Term(("https", "x", "org", "y")),), (SYSTEM,)),
            SessionFilter(),
        ),
        ('"open end', SearchTerms((Term(("open", "end")),), (SYSTEM,)), SessionFilter()),
    ],
)
def test_words_phrases_prefixes_and_qualifiers_are_read(
    text: str, terms: SearchTerms | None, filters: SessionFilter
) -> None:
    parsed = read(text, system=False, tools=False, now=NOW)
    assert parsed.terms == terms
    assert parsed.filter == filters


@pytest.mark.parametrize("text", ["", "   ", '"', '""', "-", "*", "- -", ":", '"*', "-:"])
def test_nothing_asked_is_nothing_found(text: str) -> None:
    assert read(text).filter is None


@given(st.text(max_size=256))
def test_nothing_that_can_be_typed_is_an_error(text: str) -> None:
    parsed = read(text)
    if parsed.terms is not None:
        assert parsed.terms.spelled("1_")["match"]
        parsed.terms.within(" =u hello ")


def test_two_filters_let_through_what_both_do() -> None:
    assert within(
        SessionFilter(state=("a", "b")), SessionFilter(state=("b", "c"), app=("x",))
    ) == SessionFilter(state=("b",), app=("x",))
    assert within(SessionFilter(state=("a",)), SessionFilter(state=("b",))) is None
    assert within(
        SessionFilter(active_from=Moment(5), ended=True), SessionFilter(active_from=Moment(7))
    ) == SessionFilter(active_from=Moment(7), ended=True)
    assert within(SessionFilter(ended=True), SessionFilter(ended=False)) == SessionFilter(
        ended=False, either=((SessionFilter(ended=True),),)
    )


WORDS = {
    "docker run --rm -it ubuntu": "docker run rm it ubuntu",
    "kubectl exec -it pod": "kubectl exec it pod",
    "head -20 file": "head 20 file",
    "rm -r node_modules -foo": "rm r node_modules foo",
    "curl -X POST --data y": "curl x post data y",
    "gcc -o=out": "gcc o out",
    "tar -xzvf file.gz": "tar xzvf file gz",
    "curl -fsSL host": "curl fssl host",
    "$ sudo ls -lah": "sudo ls lah",
    "cat x | grep -rni todo": "cat x grep rni todo",
    "cd x && find . -name y": "cd x find name y",
    "java -jar app.jar": "java jar app jar",
    "go test -run TestX": "go test run testx",
    "f(x) or g(y)": "f x or g y",
    "SELECT (a) FROM b": "select a from b",
}


@pytest.mark.parametrize("text", WORDS)
def test_a_pasted_command_is_only_words(text: str) -> None:
    terms = read(text, tools=False).terms
    assert terms is not None
    assert terms.unwanted == ()
    words = [word for term in terms.terms for word in term.words]
    assert " ".join(words) == WORDS[text].replace("node_modules", "node modules")


@pytest.mark.parametrize(
    "text", ["docker -ubuntu", "find -refund", "java -spring", "a star -tar", "mail -iPhone"]
)
def test_a_word_with_a_dash_excludes_where_there_is_no_command(text: str) -> None:
    terms = read(text, tools=False).terms
    assert terms is not None
    assert len(terms.unwanted) == 1


@pytest.mark.parametrize("text", ["refund AND refused", "refund AND refused AND refund"])
def test_and_joins_what_holds_together_anyway(text: str) -> None:
    assert read(text) == read("refund refused")


@pytest.mark.parametrize(("text", "words"), [("AND", "and"), ("this and that", "this and that")])
def test_and_is_a_word_where_it_joins_nothing(text: str, words: str) -> None:
    terms = read(text, tools=False).terms
    assert terms is not None
    assert " ".join(word for term in terms.terms for word in term.words) == words


REFUSED, DENIED = word("refused"), word("denied")
REFUND = word("refund")


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("refused OR denied", SearchTerms((Either((REFUSED, DENIED)),))),
        ("refund refused OR denied", SearchTerms((REFUND, Either((REFUSED, DENIED))))),
        ("refund (refused OR denied)", SearchTerms((REFUND, Either((REFUSED, DENIED))))),
        (
            "(refund refused) OR denied",
            SearchTerms((Either((SearchTerms((REFUND, REFUSED)), DENIED)),)),
        ),
        ("refund -(refused OR denied)", SearchTerms((REFUND,), (Either((REFUSED, DENIED)),))),
        ("(refund (refused) OR denied", SearchTerms((REFUND, Either((REFUSED, DENIED))))),
        ("OR refund OR", SearchTerms((REFUND,))),
        ("refused OR -denied", SearchTerms((Either((REFUSED, SearchTerms((), (DENIED,)))),))),
        ('"refused OR denied"', SearchTerms((Term(("refused", "or", "denied")),))),
        ("role:user,tool", SearchTerms((Either((Term(("=u",)), Term(("=o",)))),))),
        ("-role:user x", SearchTerms((word("x"),), (Term(("=u",)),))),
    ],
)
def test_or_joins_its_neighbours_and_parentheses_group(text: str, terms: SearchTerms) -> None:
    assert read(text, tools=False).terms == terms


A, B = SessionFilter(state=("failed",)), SessionFilter(tag=("vip",))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("state:failed OR tag:vip", SessionFilter(either=((A, B),))),
        ("-(state:failed OR tag:vip)", SessionFilter(without=(SessionFilter(either=((A, B),)),))),
        ("-state:failed -tag:vip", SessionFilter(without=(A, B))),
        ("messages:>3", SessionFilter(messages_from=4)),
        ("messages:3..5", SessionFilter(messages_from=3, messages_until=5)),
        ("messages:<=3", SessionFilter(messages_until=3)),
        ("messages:7", SessionFilter(messages_from=7, messages_until=7)),
        ("metadata.plan:pro,free", SessionFilter(metadata=("plan=pro", "plan=free"))),
        ('metadata.a-b:"x, y"', SessionFilter(metadata=("a-b=x, y",))),
        ("resolution:Resolved", SessionFilter(resolution=("resolved",))),
        ("is:archived is:failed", SessionFilter(archived=True, state=("failed",))),
        ("archived:any ended:false", SessionFilter(ended=False)),
        ("has:messages", SessionFilter(has_messages=True)),
        (
            "title:parcel title:late",
            SessionFilter(title="parcel", either=((SessionFilter(title="late"),),)),
        ),
        ("after:7d", SessionFilter(active_from=Moment(NOW - 7 * 86_400_000_000))),
        ("after:yesterday", SessionFilter(active_from=Moment(NOW - 86_400_000_000))),
        (
            "created:2026-01",
            SessionFilter(
                created_from=Moment(DAY), created_until=Moment(DAY + 31 * 86_400_000_000 - 1)
            ),
        ),
        ("created:>2025", SessionFilter(created_from=Moment(DAY))),
        ("updated_until:2026-01-01T00:00:00Z", SessionFilter(updated_until=Moment(DAY))),
    ],
)
def test_every_filter_is_a_qualifier(text: str, wanted: SessionFilter) -> None:
    parsed = read(text, now=NOW)
    assert (parsed.filter, parsed.terms, parsed.notes) == (wanted, None, ())


def test_every_filter_of_the_list_is_a_qualifier_and_can_be_negated() -> None:
    values = {"flag": "true", "choice": "true", "moment": "2026-01-01", "number": "3"}
    values |= {"amount": "1.5"}
    for each in (each for each in FILTERS if each.name != "tool"):  # finds calls, not sessions
        value = values.get(each.type) or (each.choices or ("a=b",))[0]
        for text in (f"{each.name}:{value}", f"{each.name.replace('_', '-')}:{value}"):
            parsed = read(text, now=NOW)
            assert parsed.terms is None, text
            assert parsed.notes == (), text
            negated = read(f"-{text}", now=NOW)
            assert negated.filter == SessionFilter(without=(parsed.filter,)), text  # type: ignore[arg-type]  # it has one


@pytest.mark.parametrize(
    ("text", "typed", "suggestion"),
    [
        ("state:fialed", "state:fialed", "state:failed"),
        ("-state:fialed", "state:fialed", "state:failed"),
        ("stat:failed", "stat:failed", "state:failed"),
        ("after:tuesday", "after:tuesday", "after:today"),
        ("after:yestrday", "after:yestrday", "after:yesterday"),
        ("has:tols", "has:tols", "has:tool"),
        ("role:asistant", "role:asistant", "role:assistant"),
        ("is:archved", "is:archved", "is:archived"),
        ("messages:many", "messages:many", None),
        ("archived:perhaps", "archived:perhaps", None),
        ("colour:red", "colour:red", None),
        ("kind:sesion x", "kind:sesion", "kind:session"),
    ],
)
def test_what_is_not_understood_is_said_with_what_may_be_meant(
    text: str, typed: str, suggestion: str | None
) -> None:
    (note,) = read(text, now=NOW).notes
    assert (note.text, note.suggestion) == (typed, suggestion)
    assert any(repr(piece) in note.message for piece in typed.split(":"))


def test_words_and_qualifiers_are_not_alternatives_and_that_is_said() -> None:
    parsed = read("refund OR state:failed")
    (note,) = parsed.notes
    assert note.text == "refund OR state:failed"


@pytest.mark.parametrize("text", ["https://x.org/y", "C:\\dir", "std::string", "10:30", '"a:b"'])
def test_pasted_text_with_a_colon_needs_no_note(text: str) -> None:
    assert read(text).notes == ()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("role:tool found", (Term(("=o",)), Either((word("found"), of_tools(word("found")))))),
        ("tool:Search.Flights", (Term(("=nsearch_flights",)),)),
        ("tool:search*", (Term(("=nsearch",), prefix=True),)),
        ("tool:a,b", (Either((Term(("=na",)), Term(("=nb",)))),)),
        ("has:failed-call", (Term(("=f",)),)),
        ("has:failed_calls", (Term(("=f",)),)),
        ("found", (word("found"),)),
        ('"found"', (Term(("found",)),)),
        ("fou*", (Term(("fou",), prefix=True),)),
    ],
)
def test_what_tools_said_is_searched_where_it_is_asked_for(
    text: str, wanted: tuple[Part, ...]
) -> None:
    terms = read(text, tools=False).terms
    assert terms is not None
    assert terms.wanted == wanted
