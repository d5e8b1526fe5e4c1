"""TensorBoard's event files: TFRecords of protocol buffers, written without either library.

A record is its length (uint64), the masked CRC-32C of those eight bytes, its bytes, and the masked
CRC-32C of them. A record holds one `Event` (tensorflow/core/util/event.proto).
"""

from __future__ import annotations

import os
import socket
import struct
import time
from typing import Any

import numpy as np


def _table() -> list[int]:
    out = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)  # Castagnoli's polynomial, reflected
        out.append(n)
    return out


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """CRC-32C (RFC 3720)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def masked_crc32c(data: bytes) -> int:
    """As TFRecord files store it, so that a CRC of data that holds CRCs stays meaningful."""
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def record(data: bytes) -> bytes:
    """A record of a TFRecord file."""
    length = struct.pack("<Q", len(data))
    return b"".join(
        [
            length,
            struct.pack("<I", masked_crc32c(length)),
            data,
            struct.pack("<I", masked_crc32c(data)),
        ]
    )


# ---- protocol buffers: a field is its number and kind, then its value


def _varint(n: int) -> bytes:
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def event(step: int, summary: bytes = b"", version: str = "", wall_time: float = 0.0) -> bytes:
    """An Event: time, step, and either a Summary or the version of the file."""
    out = _double(1, wall_time or time.time()) + _integer(2, step)
    return out + (_bytes(3, version.encode()) if version else _bytes(5, summary))


def scalar(tag: str, value: float) -> bytes:
    """A Summary of one number."""
    return _bytes(1, _bytes(1, tag.encode()) + _float(2, value))


def histogram(tag: str, values: Any, bins: int = 30) -> bytes:
    """A Summary of the distribution of an array: a HistogramProto of equal bins."""
    x = np.asarray(values, dtype="float64").ravel()
    x = x[np.isfinite(x)]
    counts, edges = np.histogram(x, bins=bins) if x.size else (np.zeros(1), np.zeros(2))
    low, high = (x.min(), x.max()) if x.size else (0.0, 0.0)
    proto = b"".join(
        [
            _double(1, low),
            _double(2, high),
            _double(3, float(x.size)),
            _double(4, float(x.sum())),
            _double(5, float((x * x).sum())),
            _bytes(6, np.asarray(edges[1:], "<f8").tobytes()),
            _bytes(7, np.asarray(counts, "<f8").tobytes()),
        ]
    )
    return _bytes(1, _bytes(1, tag.encode()) + _bytes(5, proto))


class EventWriter:
    """An event file of its own in a folder, which is made where it is missing.

    Args:
        folder: The folder.
    """

    _count = 0

    def __init__(self, folder: str | os.PathLike) -> None:
        os.makedirs(folder, exist_ok=True)
        name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}"
        self.path = os.path.join(folder, f"{name}.{EventWriter._count}.v2")
        EventWriter._count += 1
        self._file = open(self.path, "wb")
        self._file.write(record(event(0, version="brain.Event:2")))
        self.flush()

    def scalar(self, tag: str, value: float, step: int) -> None:
        """Writes a number."""
        self._file.write(record(event(step, scalar(tag, value))))

    def histogram(self, tag: str, values: Any, step: int) -> None:
        """Writes the distribution of an array."""
        self._file.write(record(event(step, histogram(tag, values))))

    def flush(self) -> None:
        """Puts everything written so far on disk, for others to read."""
        self._file.flush()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
