"""Whether a search is a pasted command, in which a dash begins an option and excludes nothing."""

from __future__ import annotations

import re

_OPTION = re.compile(r"(?<!\S)(?:--\w|-\w(?!\S))")
_CLUSTER = re.compile(r"(?<!\S)-(?=[a-zA-Z]*[a-z][A-Z])[b-df-hj-np-tv-zB-DF-HJ-NP-TV-Z]{3,6}(?!\S)")
"""Letters of options in one word, such as -fsSL."""
_PROGRAMS = (
    "7z adb awk chmod chown clang dd df du egrep ffmpeg ffprobe fgrep gcc grep ifconfig javac"
    " journalctl ln ls lsof mkdir mvn netstat nmap openssl ps rg rm rsync scp sed strace sudo"
    " systemctl tar tcpdump uniq unzip wc xargs zgrep"
)
"""Programs with options of several letters, whose names are no words of a conversation."""
_COMMAND = re.compile(
    r"(?:^|[|;&]|(?<!\S)[$#>%])\s*(?:sudo\s+)?"
    rf"(?:(?:{'|'.join(_PROGRAMS.split())})(?!\S)"
    r"|find\s+[\w*-]*[./~]|java\s+-(?:jar|cp|version)(?!\S)|go\s+(?:build|run|test|vet)\s+-)"
)


def is_command(text: str) -> bool:
    """Whether ``text`` has an option such as -v, --rm or -fsSL, or begins with a program's name.

    >>> [is_command(text) for text in ("docker -ubuntu", "docker --rm", "tar -xzvf a.tar.gz")]
    [False, True, True]
    """
    return any(each.search(text) for each in (_OPTION, _CLUSTER, _COMMAND))
