"""The wire: a message becomes frames of octets, and frames of any origin a message or a reason.

In: a message of `ground.messages` with its topic, realm, sequence number and time. Out: the frames
of one ZeroMQ multipart message, and back: a topic, a msgpack header `{v, type, realm, seq, epoch,
t_ns, request, fields, columns}`, then one buffer for each column (contracts, "Wire").
Whatever arrives either is a message of this version, whole and well-typed, or raises `WireError`
with a reason that can be counted: oversized, malformed, version, type, field, column.
"""

from ground.wire.envelope import Envelope, decode, encode
from ground.wire.errors import MAX_OCTETS, WireError, measure

__all__ = ["MAX_OCTETS", "Envelope", "WireError", "decode", "encode", "measure"]
