"""Addresses in templates and scripts, which are written as if Hansard were at the root."""

from __future__ import annotations

import re

_OWN = re.compile(r"""(?<=["'`])/(?=(?:ui|docs|openapi)\b)|(?<=\bpath=)/(?=;)""")
"""The beginning of a text that is an address of the page, and the path of a cookie."""


def below(root_path: str, source: str) -> str:
    """A template or a script whose addresses lie below ``root_path``."""
    return _OWN.sub(f"{root_path}/", source) if root_path else source
