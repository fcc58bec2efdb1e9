"""Configure the C library to return the memory of large buffers to the system.

When a large buffer is freed, glibc raises its thresholds, up to 32 MiB. From then on, it allocates
large buffers in the heap, between small objects with a long life, and the heap does not shrink
again: three responses of 8 MiB left 29 MiB behind. Setting the thresholds prevents glibc from
raising them.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import Final

# Parameters of `mallopt`, from `malloc.h`. Only glibc has these thresholds.
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
# Bytes; the initial value of both in glibc. Larger buffers get their own pages, and more free
# memory than this at the end of the heap is returned.
THRESHOLD: Final = 131_072


def keep_thresholds() -> None:
    """Set the thresholds for this process. Call this before any large buffer is freed."""
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, THRESHOLD)
        mallopt(_TRIM_THRESHOLD, THRESHOLD)
