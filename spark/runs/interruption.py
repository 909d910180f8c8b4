"""Handle Ctrl-C and SIGTERM: the main thread waits for signals while another thread runs the program.

A signal is handled at once, whatever the program waits for. It never raises in the middle of a call to the JVM. That
would leave the answer unread on the connection, and the next call would take it for its own.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from utils import printable

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECONDS_TO_STOP = 5.0
POLL_SECONDS = 0.1
SECONDS_BETWEEN_CANCELS = 0.5


class Interrupted(KeyboardInterrupt):
    """The run is to stop, or was stopped."""


class Interruption:
    """Whether a run is to stop, and how to stop it.

    signal: number of the first signal received; None before. cancel: ends the call that the run waits for.
    afterwards: reports what is complete and how to continue; called once the run has stopped or was given up.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.cancel: Callable[[], object] = lambda: None
        self.afterwards: Callable[[], object] = lambda: print("Interrupted; nothing was written.", file=sys.stderr)

    @property
    def exit_status(self) -> int:
        """The exit status for a program ended by the signal, as shells expect it: 130 after Ctrl-C."""
        return 128 + (self.signal or signal.SIGINT)

    def check(self) -> None:
        """Raise Interrupted if the run is to stop."""
        if self.signal is not None:
            raise Interrupted

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Record signals in the block, except signals that the process was started to ignore (`nohup`)."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.getsignal(each) for each in SIGNALS}
        for each in SIGNALS:
            if before[each] != signal.SIG_IGN:
                signal.signal(each, self._record)
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _record(self, number: int, frame: FrameType | None) -> None:
        self.signal = self.signal or number


def run_interruptibly(
    work: Callable[[], int], interruption: Interruption, seconds_to_stop: float = SECONDS_TO_STOP
) -> int:
    """Run `work` in another thread, and return or raise as it does.

    After a signal, raise Interrupted within `seconds_to_stop`, even if `work` does not stop. If `work` succeeds in that
    time, return its value.
    """
    future: Future[int] = Future()
    worker = threading.Thread(target=_fulfil, args=(future, work), daemon=True)
    with interruption.listening():
        worker.start()
        while worker.is_alive() and interruption.signal is None:
            worker.join(POLL_SECONDS)
        if worker.is_alive():
            _stop(worker, interruption, seconds_to_stop)
        if interruption.signal is not None and (not future.done() or future.exception()):
            interruption.afterwards()
            raise Interrupted
    return future.result()


def _fulfil(future: Future[int], work: Callable[[], int]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)


def _stop(worker: threading.Thread, interruption: Interruption, seconds_to_stop: float) -> None:
    """Cancel repeatedly until the worker has ended: between two Spark jobs there is nothing to cancel."""
    deadline = time.monotonic() + seconds_to_stop
    while worker.is_alive() and time.monotonic() < deadline:
        threading.Thread(target=_cancel, args=(interruption,), daemon=True).start()
        worker.join(SECONDS_BETWEEN_CANCELS)


def _cancel(interruption: Interruption) -> None:
    # The same signal may have ended Spark already.
    with suppress(Exception):
        interruption.cancel()


def command_to_go_on(run_id: str, names_the_run: bool, command: Sequence[str] | None = None) -> str:
    """Return the command that finishes a run.

    names_the_run: whether the command that started the run has its id. command: that command; by default, the one that
    started this process.
    """
    more = [] if names_the_run else ["--run_id", run_id]
    if "PYSPARK_GATEWAY_PORT" in os.environ:
        return " with ".join(["the same spark-submit command", *filter(None, [" ".join(map(_word, more))])])
    return " ".join(map(_word, [*(sys.orig_argv if command is None else command), *more]))


def _word(argument: str) -> str:
    """Return an argument quoted for a shell, with unprintable characters escaped."""
    if printable(argument) == argument:
        return shlex.quote(argument)
    return "$'" + "".join(_letter(each) for each in argument) + "'"


def _letter(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if printable(character) == character:
        return character
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))


def leave(status: int) -> NoReturn:
    """Exit with a status; above 128 (an interruption), do not wait for threads that are still running."""
    if status <= 128:
        sys.exit(status)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
