"""The command line: nouns, then verbs, with the names of the API. One file a noun, loaded when it is asked for."""

from hansard.cli.root import main

__all__ = ["main"]
