"""JSON that a framework holds as text."""

from __future__ import annotations

import json


def decoded(value: object) -> object:
    """A text that is the JSON of an object or a list as that; anything else as it is."""
    try:
        return json.loads(value) if isinstance(value, str) and value[:1] in "{[" else value
    except ValueError:
        return value
