"""The command to type next, so that it does what is said of it where the user types it."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

import click

from hansard.settings import masked

_NAME = "hansard"


def program() -> str:
    """``hansard`` where a shell finds this program by that name, else the path that it was started by."""
    started = Path(sys.argv[0])
    found = shutil.which(_NAME)
    if started.name != _NAME or not started.is_file() or (found and Path(found).samefile(started)):
        return _NAME
    here = Path.cwd()
    return shlex.quote(str(started.relative_to(here) if started.is_relative_to(here) else started))


def again(option: str, value: str | None = None) -> str:
    """The command that was typed, with this option in the place of what was said of it; a password of the store stays out of it."""
    context = click.get_current_context(silent=True)
    typed = list(context.find_root().obj) if context else ["serve"]
    kept = []
    for one in (rest := iter(typed)):
        if one == option and value is not None:
            next(rest, None)
        elif one != option and not one.startswith(f"{option}="):
            kept.append(masked("store", one))
    return f"{program()} {shlex.join([*kept, option, *([] if value is None else [value])])}"
