"""The command line: nouns, then verbs, as in the API.

Each noun is a file, loaded on first use.
"""

from hansard.cli.root import main

__all__ = ["main"]
