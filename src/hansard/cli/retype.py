"""Commands for the user to type next."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

import click

from hansard.settings import masked

_NAME = "hansard"


def program() -> str:
    """``hansard`` when the shell finds this program by that name, else its path."""
    started = Path(sys.argv[0])
    on_path = shutil.which(_NAME)
    if (
        started.name != _NAME
        or not started.is_file()
        or (on_path and Path(on_path).samefile(started))
    ):
        return _NAME
    here = Path.cwd()
    return shlex.quote(str(started.relative_to(here) if started.is_relative_to(here) else started))


def again(option: str, value: str | None = None) -> str:
    """The command that was typed, with this option replaced; a store's password is masked."""
    context = click.get_current_context(silent=True)
    typed = list(context.find_root().obj) if context else ["serve"]
    kept = []
    for word in (rest := iter(typed)):
        if word == option and value is not None:
            next(rest, None)
        elif word != option and not word.startswith(f"{option}="):
            kept.append(masked("store", word))
    return f"{program()} {shlex.join([*kept, option, *([] if value is None else [value])])}"
