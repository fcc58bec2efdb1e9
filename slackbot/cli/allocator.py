"""Let the C library return the memory of large buffers to the system once they are freed.

glibc raises its thresholds when a large buffer is freed, up to 32 MiB. From then on such buffers
come from the heap, between small objects that live on, and the process keeps what they took: three
answers of 8 MiB left 29 MiB behind. Once they are set, the thresholds stay as they are.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import Final

# From `malloc.h`. Only glibc has `mallopt`; other C libraries have no such thresholds.
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
# Bytes, glibc's own first values. A larger buffer has pages of its own; more free bytes than that
# at the end of the heap are returned.
THRESHOLD: Final = 131_072


def keep_thresholds() -> None:
    """Set the thresholds of this process; call it before any large buffer is freed."""
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, THRESHOLD)
        mallopt(_TRIM_THRESHOLD, THRESHOLD)
