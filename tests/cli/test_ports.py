"""Who has a port, and which one is free."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from hansard.cli import ports
from hansard.cli.banner import address
from hansard.errors import Conflict, Invalid


def test_a_listening_process_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        holder = ports.holder_of("127.0.0.1", port)
        if sys.platform == "linux":
            assert holder is not None
            assert holder.endswith(f"process {os.getpid()}")
        with pytest.raises(Conflict, match=f"port {port} on 127.0.0.1 is taken"):
            ports.listening("127.0.0.1", port)
        assert ports.next_free("127.0.0.1", port) not in {None, port}


def test_whoever_has_a_file_open_is_found_with_where_they_listen(tmp_path: Path) -> None:
    file = tmp_path / "some.db"
    with file.open("w"), socket.create_server(("127.0.0.1", 0)) as listener:
        if sys.platform == "linux":
            assert listener.getsockname()[1] in ports.of_users(file)
    assert ports.of_users(file) == []


def test_nobody_is_named_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert ports.holder_of("127.0.0.1", port) is None
    assert ports.next_free("127.0.0.1", 65_535) is None


def test_where_there_is_no_proc_lsof_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ports.holder_of("127.0.0.1", 1) is None
    lsof = tmp_path / "lsof"
    lsof.write_text("#!/bin/sh\nprintf 'p77\\nccaddy\\n'\n")
    lsof.chmod(0o755)
    assert ports.holder_of("127.0.0.1", 1) == "caddy, process 77"
    assert ports.of_users(tmp_path / "hansard.db") == []
    lsof.write_text(
        '#!/bin/sh\ncase "$*" in *LISTEN*) printf '
        "'p77\\nn*:9000\\nn[::1]:9001\\nn127.0.0.1:9000\\n';; *) printf 'p77\\nf9\\n';; esac\n"
    )
    assert ports.of_users(tmp_path / "hansard.db") == [9000, 9001]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may listen on every port")
def test_a_port_that_this_user_may_not_have_says_so() -> None:
    with pytest.raises(Invalid, match="choose one above 1023"):
        ports.listening("127.0.0.1", 1)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:1"),
        ("0.0.0.0", "http://127.0.0.1:1"),
        ("::", "http://[::1]:1"),
        ("hansard.lan", "http://hansard.lan:1"),
    ],
)
def test_a_browser_is_sent_where_it_can_go(host: str, url: str) -> None:
    assert address(host, 1) == url
