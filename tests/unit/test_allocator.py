"""The allocator's thresholds, in a process of their own."""

import platform
import subprocess
import sys

import pytest

# Prints how many bytes have pages of their own while a buffer of 4 MiB lives.
PROGRAM = """
import ctypes, sys
from slackbot.cli.allocator import keep_thresholds

class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "abcdefghij"]

if sys.argv[1] == "kept":
    keep_thresholds()
mallinfo = ctypes.CDLL(None).mallinfo2
mallinfo.restype = Info
bytearray(8 * 2**20)  # freed at once
buffer = bytearray(4 * 2**20)
print(mallinfo().e)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these thresholds")
@pytest.mark.parametrize(("how", "own_pages"), [("kept", True), ("as they are", False)])
def test_large_buffers_keep_pages_of_their_own(how: str, own_pages: bool):
    """Also after a larger one was freed: their memory goes back to the system. Not so without."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True
    )
    assert (int(ran.stdout) > 4 * 2**20) is own_pages
