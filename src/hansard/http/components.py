"""The schemas of an OpenAPI document.

msgspec derives them from the structs; the descriptions are added.

A field is described by the string literal below it, else by the ``Meta`` of its type, else by the
field of that name in the struct's ``described_by``. Its example is its value in the ``example`` of
the same structs. The test of the descriptions fails for a field that has none.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw
from msgspec.inspect import Metadata, StructType, multi_type_info

from hansard.http.descriptions import description_of, example_of
from hansard.http.fields import SCHEMA_OF, schema_hook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Json = dict[str, Any]
_REF = "#/components/schemas/{name}"


class Components:
    """The schemas of these types, and the components that they refer to, by name."""

    def __init__(self, kinds: Iterable[Any]) -> None:
        structs, raws = _reachable(kinds := list(kinds))
        types = [*kinds, *(struct.cls for struct in structs), *raws]
        schemas, by_name = msgspec.json.schema_components(
            types, schema_hook=_schema, ref_template=_REF
        )
        names = _undotted(by_name)
        self.by_name = {names[name]: schema for name, schema in by_name.items()}
        _refer(
            [*schemas, *self.by_name.values()], {_ref(name): _ref(names[name]) for name in names}
        )
        self._by_type = {id(kind): schema for kind, schema in zip(types, schemas, strict=True)}
        for struct in structs:
            self._describe(struct, self.resolved(struct.cls))
        _complete([*schemas, *self.by_name.values()])

    def schema(self, kind: Any) -> Json:  # noqa: ANN401 - any type
        """The schema of one of the types, which may be a reference."""
        return self._by_type[id(kind)]

    def name(self, struct: Any) -> str:  # noqa: ANN401 - a struct, or a generic one of something
        """The name of a struct's component."""
        return str(self.schema(struct)["$ref"].rpartition("/")[2])

    def resolved(self, struct: Any) -> Json:  # noqa: ANN401 - as name
        """The component that a struct is."""
        component: Json = self.by_name[self.name(struct)]
        return component

    def _describe(self, struct: StructType, component: Json) -> None:
        cls = getattr(struct.cls, "__origin__", struct.cls)
        if "description" in component:
            component["description"] = plain(component["description"])
        if struct.tag_field:
            component["properties"][struct.tag_field]["description"] = f"Always `{struct.tag}`."
        example = getattr(cls, "example", None)
        if example and set(component.get("required", ())) <= set(example):
            component["examples"] = [example]
        for field in struct.fields:
            schema = component["properties"][field.encode_name]
            if (raw := _raw(field.type)) is not None:
                schema |= self.schema(raw) | schema
            _lift(schema)
            if text := description_of(cls, field.name) or schema.get("description"):
                schema["description"] = plain(text)
            if examples := example_of(cls, field.encode_name):
                schema.setdefault("examples", [*examples])


def plain(text: str) -> str:
    r"""The text in Markdown: a line for each paragraph, code in single backticks.

    >>> plain("Set by\n  ``PATCH``.\n\nNever null.")
    'Set by `PATCH`.\n\nNever null.'
    """
    paragraphs = re.split(r"\n\s*\n", text.strip())
    lines = (" ".join(paragraph.split()) for paragraph in paragraphs)
    return "\n\n".join(lines).replace("``", "`")


def _ref(name: str) -> str:
    return _REF.format(name=name)


def _undotted(names: Iterable[str]) -> dict[str, str]:
    """Names without dots, which some generators refuse.

    msgspec gives a struct whose name another one has that of its module as well: the product, and
    where that does not tell them apart the module, stand before the name instead.

    >>> _undotted(["Note", "hansard.native.runs.RunOut", "hansard.dialects.b3os.runs.RunOut"])
    {'Note': 'Note', 'hansard.native.runs.RunOut': 'NativeRunOut', \
'hansard.dialects.b3os.runs.RunOut': 'B3osRunOut'}
    """
    short = {name: _product_name(name) for name in names}
    seen = Counter(short.values())
    return {name: new if seen[new] == 1 else _joined(name) for name, new in short.items()}


def _product_name(name: str) -> str:
    *modules, own = name.removeprefix("hansard.").removeprefix("dialects.").split(".")
    return _joined(".".join([*modules[:1], own]))


def _joined(name: str) -> str:
    parts = name.removeprefix("hansard.").removeprefix("dialects.").split(".")
    words = [word for part in parts[:-1] for word in part.split("_")]
    return "".join([*(word.capitalize() for word in words), parts[-1]])


def _refer(value: Any, renamed: dict[str, str]) -> None:  # noqa: ANN401 - any JSON
    """Let each reference lead to the component's new name."""
    if isinstance(value, dict):
        if value.get("$ref") in renamed:
            value["$ref"] = renamed[value["$ref"]]
        _refer([*value.values()], renamed)
    elif isinstance(value, list):
        for item in value:
            _refer(item, renamed)


def _schema(kind: type) -> Json:
    return {} if kind is Raw else schema_hook(kind)


def _complete(value: Any) -> None:  # noqa: ANN401 - any JSON
    """Say of an array of anything that its items are anything: some generators need it."""
    if isinstance(value, dict):
        if value.get("type") == "array":
            value.setdefault("items", {})
        _complete([part for key, part in value.items() if key != "examples"])
    elif isinstance(value, list):
        for item in value:
            _complete(item)


def _lift(schema: Json) -> None:
    """Take what is said of one alternative of ``anyOf`` for the field as a whole."""
    for alternative in schema.get("anyOf", ()):
        for key in ("description", "examples"):
            if key in alternative:
                schema.setdefault(key, alternative.pop(key))


def _reachable(kinds: list[Any]) -> tuple[list[StructType], list[Any]]:
    """Every struct within these types, and the types that raw JSON stands for."""
    structs: dict[Any, StructType] = {}
    raws: dict[int, Any] = {}
    waiting: list[Any] = [*multi_type_info(kinds)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, StructType):
            if node.cls in structs:
                continue
            structs[node.cls] = node
        elif (raw := _raw(node)) is not None and id(raw) not in raws:
            raws[id(raw)] = raw
            waiting += multi_type_info([raw])
        waiting += _below(node)
    return [*structs.values()], [*raws.values()]


def _below(node: Any) -> Iterator[Any]:  # noqa: ANN401 - any node of msgspec's description
    for name in ("type", "item_type", "key_type", "value_type"):
        if hasattr(node, name):
            yield getattr(node, name)
    for name in ("types", "item_types"):
        yield from getattr(node, name, ())
    for field in getattr(node, "fields", ()):
        yield field.type


def _raw(node: Any) -> Any:  # noqa: ANN401 - any node, any type
    """The type that raw JSON stands for, see ``fields.schema_of``."""
    while isinstance(node, Metadata):
        if node.extra and SCHEMA_OF in node.extra:
            return node.extra[SCHEMA_OF]
        node = node.type
    return None
