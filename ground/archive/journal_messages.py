"""How the journal lies on disk: Arrow IPC messages that prove themselves.

A segment is an Arrow IPC stream that any Arrow reader reads: a schema, then record batches, and
where it was closed the mark of its end. Each batch is one message, which carries in its
`custom_metadata` one line of fixed width:

    ground position=... end=... n=... t0=... t1=... octets=... crc32=........

`octets` is the length of the whole message and `crc32` (ISO-HDLC, as in zlib) is over all of it
with these eight digits as zeros. So every octet on disk is proved before Arrow sees it, and a
message is found again behind damage, or in the middle of a file, without an index.

Source: Arrow columnar format, "Encapsulated message format": continuation 0xFFFFFFFF, int32 length
of the metadata, metadata, body; aligned to 8 octets.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ground.archive.journal_records import Records

SCHEMA = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),
        pa.field("received_ns", pa.int64(), nullable=False),
        pa.field("begins", pa.bool_(), nullable=False),
        pa.field("octets", pa.binary(), nullable=False),
    ]
)
END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"
LARGEST = 64 << 20  # octets of a message; a header that says more is damaged
LARGEST_METADATA = 4096
_CONTINUATION = b"\xff\xff\xff\xff"
_LINE = (
    "ground position={:020d} end={:020d} n={:010d} t0={:020d} t1={:020d}"
    " octets={:010d} crc32={:08x}"
)
LINE = re.compile(
    rb"ground position=(\d{20}) end=(\d{20}) n=(\d{10}) t0=(\d{20}) t1=(\d{20})"
    rb" octets=(\d{10}) crc32=([0-9a-f]{8})"
)
_SAMPLE = 16_384  # octets that are compressed to see whether it pays
_WORTH = 0.9  # of the size it had
_CODEC = pa.Codec("lz4")
_PLAIN, _LZ4 = pa.ipc.IpcWriteOptions(), pa.ipc.IpcWriteOptions(compression="lz4")

Octets = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Header:
    """What a message says of itself: positions [position, end), n records, received in t0..t1."""

    position: int
    end: int
    n: int
    t0_ns: int
    t1_ns: int
    octets: int
    crc32: int
    crc_at: int  # where its digits stand in the message


def schema_message(about: dict[str, str] | None = None) -> bytes:
    """Return the octets with which a segment begins; `about` is for those who look into it."""
    sink = pa.BufferOutputStream()
    pa.ipc.new_stream(sink, SCHEMA.with_metadata(about) if about else SCHEMA).close()
    return bytes(sink.getvalue())[: -len(END_OF_STREAM)]


_BEFORE = len(schema_message())  # octets that Arrow writes before the message of a batch


def encode(records: Records) -> bytearray:
    """Return the message of records, at least one; compressed where that pays."""
    t0, t1 = int(records.received_ns.min()), int(records.received_ns.max())
    known = (int(records.position[0]), records.end, len(records), t0, t1)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, SCHEMA, options=_LZ4 if _pays(records) else _PLAIN) as writer:
        line = _LINE.format(*known, 0, 0)
        writer.write_batch(_batch(records), custom_metadata={"ground.journal": line})
    message = bytearray(memoryview(sink.getvalue())[_BEFORE : -len(END_OF_STREAM)])
    at = message.index(line.encode())
    message[at : at + len(line)] = _LINE.format(*known, len(message), 0).encode()
    crc_at = at + len(line) - 8
    message[crc_at : crc_at + 8] = b"%08x" % _crc(message, crc_at)
    return message


def _batch(records: Records) -> pa.RecordBatch:
    offsets = pa.py_buffer(records.starts.astype(np.int32))
    octets = pa.py_buffer(np.ascontiguousarray(records.octets))
    binary = pa.BinaryArray.from_buffers(pa.binary(), len(records), [None, offsets, octets])
    columns = [pa.array(records.position), pa.array(records.received_ns), pa.array(records.begins)]
    return pa.RecordBatch.from_arrays([*columns, binary], schema=SCHEMA)


def _pays(records: Records) -> bool:
    """Return whether a sample of the octets shrinks; short batches stay as they are."""
    if len(records.octets) < _SAMPLE:
        return False
    middle = (len(records.octets) - _SAMPLE) // 2
    sample = records.octets[middle : middle + _SAMPLE].tobytes()
    return len(_CODEC.compress(sample, asbytes=True)) < _WORTH * _SAMPLE


def _crc(message: Octets, crc_at: int) -> int:
    view = memoryview(message)
    return zlib.crc32(view[crc_at + 8 :], zlib.crc32(b"00000000", zlib.crc32(view[:crc_at])))


def header(octets: Octets, at: int = 0) -> Header | None:
    """Return what a message at this place says of itself; None where there is none."""
    if len(octets) < at + 8 or bytes(octets[at : at + 4]) != _CONTINUATION:
        return None
    (metadata,) = struct.unpack_from("<i", octets, at + 4)
    if not 0 < metadata <= LARGEST_METADATA:
        return None
    found = LINE.search(octets, at + 8, at + 8 + metadata)
    if found is None:
        return None
    position, end, n, t0_ns, t1_ns, octets_of_it = map(int, found.groups()[:6])
    crc, crc_at = int(found[7], 16), found.start(7) - at
    made = Header(position, end, n, t0_ns, t1_ns, octets_of_it, crc, crc_at)
    return made if 8 + metadata <= made.octets <= LARGEST else None


def whole(message: Octets, header: Header) -> bool:
    """Return whether these octets are the message as it was written."""
    return len(message) == header.octets and _crc(message, header.crc_at) == header.crc32


def decode(message: Octets) -> Records:
    """Return the records of a message that is whole."""
    read = pa.ipc.read_message(pa.py_buffer(message))
    batch = pa.ipc.read_record_batch(read, SCHEMA)
    position, received, begins, binary = batch.columns
    _, offsets, octets = binary.buffers()
    starts = np.frombuffer(offsets, np.int32, len(batch) + 1)
    return Records(
        position.to_numpy(),
        received.to_numpy(),
        np.diff(starts).astype(np.int32),
        begins.to_numpy(zero_copy_only=False),
        np.frombuffer(octets, np.uint8)[starts[0] : starts[-1]],
    )
