"""Ctrl-C, except in the middle of an import.

A KeyboardInterrupt raised while a compiled library is being imported leaves it half initialised: the
process crashes, or fails with an ImportError that looks like a bug.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

AGAIN_SECONDS = 0.1


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Within this context Ctrl-C raises KeyboardInterrupt as soon as no import is under way."""
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield  # somebody else looks after it
        return
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def importing(frame: FrameType | None) -> bool:
    """Whether the import machinery is on the stack."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _interrupt(number: int, frame: FrameType | None) -> None:
    if not importing(frame):
        raise KeyboardInterrupt
    later = threading.Timer(AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGINT))
    later.daemon = True
    later.start()
