"""Settings of a process: flag, then environment, then file, then default.

They are loaded once and passed on, never global.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from hansard.errors import Invalid

FILE = Path("hansard.toml")
PREFIX = "HANSARD_"
_PASSWORD = re.compile(r"(//[^:@/?]*:).*(@)|([?&]password=)[^&]*")
_BOUND = re.compile(r"([<>]=?) (\S+)$")
_ROOT_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")
_INJECTED = re.compile(r"(?:tcp|udp)://")


class Settings(Struct, frozen=True, kw_only=True):
    """Every setting with its default; the reference shows its description."""

    store: Annotated[
        str,
        Meta(
            description="the store's URL: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
        ),
    ] = "sqlite:///hansard.db"
    workspace: Annotated[
        str, Meta(description="the workspace that commands work in", min_length=1)
    ] = "default"
    host: Annotated[
        str, Meta(description="the address that the server listens on", min_length=1)
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(
            description="the port that the server listens on; 0 takes a free one", ge=0, le=65_535
        ),
    ] = 8765
    root_path: Annotated[
        str,
        Meta(
            description="the path below which a reverse proxy serves Hansard, such as /hansard; "
            "empty: the root of its host"
        ),
    ] = ""
    migrate: Annotated[
        bool,
        Meta(description="migrate the store when it is opened; false: only `hansard migrate` does"),
    ] = True
    access_log: Annotated[
        bool, Meta(description="write a JSON line for each request to standard error")
    ] = False
    open_metrics: Annotated[
        bool,
        Meta(
            description="answer /metrics without a key; "
            "false: it takes a key with the scope metrics:read"
        ),
    ] = False
    otlp_endpoint: Annotated[
        str,
        Meta(
            description="the OTLP endpoint that spans of requests and statements are sent to, "
            "such as http://127.0.0.1:4318; empty: none"
        ),
    ] = ""
    shutdown_seconds: Annotated[
        int,
        Meta(
            description="how long a stopping server waits for requests under way, in seconds",
            ge=0,
            le=3600,
        ),
    ] = 10
    head_seconds: Annotated[
        float,
        Meta(
            description="how long a client may take to send the head of a request, in seconds", gt=0
        ),
    ] = 10.0
    reap_seconds: Annotated[
        float,
        Meta(description="pause between two checks for runs with a lapsed lease, in seconds", gt=0),
    ] = 2.0
    keep_seconds: Annotated[
        float,
        Meta(
            description="pause between two rounds of deleting expired data, in seconds",
            gt=0,
        ),
    ] = 3600.0
    statement_seconds: Annotated[
        float,
        Meta(description="how long the store may work on one read or statement, in seconds", gt=0),
    ] = 30.0
    title_url: Annotated[
        str,
        Meta(
            description="the URL that writes titles: POST {session_id, messages} gives {title}; "
            "empty: a title is the session's first words"
        ),
    ] = ""
    webhook_private: Annotated[
        bool,
        Meta(description="let webhooks go to private addresses, for networks of your own"),
    ] = False
    cors_origins: Annotated[
        str,
        Meta(
            description="origins whose pages may call the API from a browser, separated by commas, "
            "such as https://app.example.com; *: any; empty: none"
        ),
    ] = ""
    rate_limit: Annotated[
        float,
        Meta(
            description="requests a second for each key, ten times that for each workspace, "
            "with bursts of ten seconds; 0: no limit",
            ge=0,
        ),
    ] = 0.0
    row_security: Annotated[
        bool,
        Meta(
            description="name the workspace to PostgreSQL in each transaction, and refuse to start "
            "unless it enforces row-level security"
        ),
    ] = False
    prepared: Annotated[
        bool,
        Meta(
            description="prepare statements on PostgreSQL; false behind a PgBouncer older than 1.21"
        ),
    ] = True

    def __post_init__(self) -> None:
        force_setattr(self, "root_path", _root_path(self.root_path))


def _root_path(text: str) -> str:
    """The path with one slash before it and none behind; Invalid for what is no path."""
    root = f"/{text.strip('/')}" if text.strip("/") else ""
    if not _ROOT_PATH.fullmatch(root):
        raise Invalid(
            f"root_path cannot be {text!r}: write a path of letters, digits, '-', '_', '.' and "
            "'~', such as /hansard",
            code="bad_setting",
            param="root_path",
        )
    return root


NAMES = Settings.__struct_fields__
DEFAULTS: dict[str, Any] = dict(zip(NAMES, Settings.__struct_defaults__, strict=True))


class Loaded(Struct, frozen=True):
    """The settings and their sources: ``flag``, a variable's or file's name, or ``default``."""

    settings: Settings
    sources: dict[str, str]


def load(
    flags: Mapping[str, object], environment: Mapping[str, str], file: Path | None = None
) -> Loaded:
    """The settings of a process; a flag of None counts as absent.

    ``file`` must exist. Without it, ``HANSARD_CONFIG`` names the file, else ``hansard.toml`` is
    read if it exists. Raises Invalid for an unknown key and for a value of the wrong type.
    """
    values: dict[str, object] = {}
    sources = dict.fromkeys(NAMES, "default")
    chosen = file_in(environment, file)
    layers = (
        _from_file(chosen, must_exist=chosen != FILE),
        _from_environment(environment),
        {name: (value, "flag") for name, value in flags.items() if value is not None},
    )
    for layer in layers:
        for name, (value, source) in layer.items():
            values[name], sources[name] = _converted(name, value, source), source
    return Loaded(Settings(**values), sources)  # type: ignore[arg-type]  # each was converted to its field's type


def file_in(environment: Mapping[str, str], file: Path | None = None) -> Path:
    """The settings file to read: ``file``, else ``HANSARD_CONFIG``, else ``hansard.toml``."""
    return file or Path(environment.get(PREFIX + "CONFIG") or FILE)


def strangers(environment: Mapping[str, str]) -> list[str]:
    """Variables with the settings' prefix that are not settings."""
    known = {
        PREFIX + name.upper() for name in (*NAMES, "config", "api_key", "url")
    }  # the last two are the client's
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)


def file_of(url: str) -> Path | None:
    """The file of an embedded store, None for a database server."""
    scheme, _, path = url.partition(":///")
    return Path(path) if scheme == "sqlite" and path else None


def masked(name: str, value: object) -> str:
    """A setting's value for display, without a store's password."""
    if name == "store":
        return _PASSWORD.sub(
            lambda match: f"{match[1]}****{match[2]}" if match[1] else f"{match[3]}****", str(value)
        )
    return str(value).lower() if isinstance(value, bool) else str(value)


def described(name: str) -> str:
    """What the setting is for, in one line."""
    for part in _HINTS[name].__metadata__:
        if isinstance(part, Meta) and part.description:
            return part.description
    return ""


def type_name(name: str) -> str:
    return {str: "text", int: "whole number", float: "number", bool: "true or false"}[
        _HINTS[name].__origin__
    ]


def _from_file(path: Path, *, must_exist: bool) -> dict[str, tuple[object, str]]:
    if not must_exist and not path.is_file():
        return {}
    try:
        with path.open("rb") as opened:
            content = tomllib.load(opened)
    except OSError as problem:
        raise Invalid(
            f"cannot read the settings file {path}: {problem.strerror}", code="config_unreadable"
        ) from problem
    except tomllib.TOMLDecodeError as problem:
        raise Invalid(f"{path} is not sound TOML: {problem}", code="config_unreadable") from problem
    for name in content:
        if name not in NAMES:
            raise Invalid(
                f"{path}: unknown setting {name!r}{_meant(name, NAMES)}",
                code="unknown_setting",
                param=name,
            )
    return {name: (value, str(path)) for name, value in content.items()}


def _from_environment(environment: Mapping[str, str]) -> dict[str, tuple[object, str]]:
    """The settings in the environment.

    A near miss of a setting's name is an error; any other variable may belong to another program.
    """
    values: dict[str, tuple[object, str]] = {}
    for variable, value in environment.items():
        # Kubernetes announces a service named hansard in HANSARD_PORT.
        if not variable.startswith(PREFIX) or _INJECTED.match(value):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name in NAMES:
            values[name] = (value, variable)
        elif name != "config" and (close := get_close_matches(name, NAMES, 1, 0.75)):
            meant = PREFIX + close[0].upper()
            raise Invalid(
                f"unknown setting {variable} in the environment: did you mean {meant}?",
                code="unknown_setting",
                param=variable,
            )
    return values


def _converted(name: str, value: object, source: str) -> object:
    try:
        return msgspec.convert(value, _HINTS[name], strict=not source.startswith(PREFIX))
    except msgspec.ValidationError as problem:
        bound = _BOUND.search(str(problem))
        wanted = f"{bound[1]} {bound[2]}" if bound else _a(type_name(name))
        raise Invalid(
            f"{name} (from {source}) must be {wanted}, not {masked(name, value)!r}",
            code="bad_setting",
            param=name,
        ) from problem


def _a(kind: str) -> str:
    return f"a {kind}" if kind.endswith("number") else kind


def _meant(name: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(name, known, 1)
    return f": did you mean {close[0]!r}?" if close else f": the settings are {', '.join(known)}"


_HINTS: dict[str, Any] = get_type_hints(Settings, include_extras=True)
