from __future__ import annotations

import gzip
import io

import pytest

from hansard.interchange.streams import CHUNK, HEAD, Stream, Truncated

TEXT = b"".join(b"line %d\n" % number for number in range(100_000))


def whole(data: bytes) -> bytes:
    return b"".join(Stream(io.BytesIO(data)).chunks())


def test_a_plain_file_comes_out_as_it_is() -> None:
    assert whole(TEXT) == TEXT


def test_a_gzipped_file_comes_out_unzipped_whatever_its_name() -> None:
    assert whole(gzip.compress(TEXT)) == TEXT


def test_gzip_members_in_a_row_are_one_file_and_zeros_after_them_are_padding() -> None:
    assert whole(gzip.compress(TEXT) + gzip.compress(b"more") + b"\0" * 20) == TEXT + b"more"


def test_members_that_end_with_a_chunk_join_too() -> None:
    first = gzip.compress(b"", compresslevel=0)
    padding = gzip.compress(b"x" * (CHUNK - 2 * len(first)), compresslevel=0)
    assert whole(padding + first + gzip.compress(b"end")).endswith(b"xend")


def test_an_empty_file_has_nothing() -> None:
    assert whole(b"") == b""
    assert whole(gzip.compress(b"")) == b""


def test_a_compressed_file_that_breaks_off_gives_what_it_has_then_says_so() -> None:
    chunks = Stream(io.BytesIO(gzip.compress(TEXT)[:-2000])).chunks()
    assert TEXT.startswith(next(chunks))
    with pytest.raises(Truncated, match="ends too early"):
        list(chunks)


def test_a_compressed_file_with_wrong_bytes_says_so() -> None:
    data = bytearray(gzip.compress(TEXT))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(Truncated, match="damaged"):
        whole(bytes(data))


def test_the_head_is_there_before_anything_is_read_and_is_not_lost() -> None:
    stream = Stream(io.BytesIO(TEXT))
    assert stream.head.startswith(b"line 0\n")
    assert HEAD <= len(stream.head) < len(TEXT)
    assert b"".join(stream.chunks()) == TEXT


def test_the_position_counts_the_bytes_of_the_file_itself() -> None:
    data = gzip.compress(TEXT)
    stream = Stream(io.BytesIO(data))
    list(stream.chunks())
    assert stream.position == len(data)


def test_lines_come_without_their_ends_and_the_last_one_needs_none() -> None:
    assert list(Stream(io.BytesIO(TEXT + b"last")).lines()) == [*TEXT.split(b"\n")[:-1], b"last"]
