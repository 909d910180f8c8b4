"""Ctrl-C and SIGTERM: the main thread listens for them while another does the work.

So a signal is answered at once whatever the work is waiting for, and never raises in the middle of a call to the JVM,
whose connection would then give the answer to one question for that to the next.
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
SECONDS_BETWEEN_LOOKS = 0.1
SECONDS_BETWEEN_CANCELS = 0.5


class Interrupted(KeyboardInterrupt):
    """The work is to stop, or was stopped."""


class Interruption:
    """Whether a run is to stop, and what stopping it takes.

    signal: the first that came; None before. cancel: ends what the work is waiting for.
    afterwards: says what was done and how the rest is; called once the work has stopped, or was given up.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.cancel: Callable[[], object] = lambda: None
        self.afterwards: Callable[[], object] = lambda: print("Stopped; nothing was written.", file=sys.stderr)

    @property
    def exit_status(self) -> int:
        """What a shell expects of a program that the signal ended: 130 after Ctrl-C."""
        return 128 + (self.signal or signal.SIGINT)

    def check(self) -> None:
        """Raises Interrupted where the run is to stop."""
        if self.signal is not None:
            raise Interrupted

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Takes note of signals, those that the caller of the program has it ignore (`nohup`) left out."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.getsignal(each) for each in SIGNALS}
        for each in SIGNALS:
            if before[each] != signal.SIG_IGN:
                signal.signal(each, self._note)
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.signal = self.signal or number


def run_interruptibly(
    work: Callable[[], int], interruption: Interruption, seconds_to_stop: float = SECONDS_TO_STOP
) -> int:
    """Return or raise what `work` does; raise Interrupted within `seconds_to_stop` of a signal in any case."""
    future: Future[int] = Future()
    worker = threading.Thread(target=_fulfil, args=(future, work), daemon=True)
    with interruption.listening():
        worker.start()
        while worker.is_alive() and interruption.signal is None:
            worker.join(SECONDS_BETWEEN_LOOKS)
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
    """Cancels until the worker has ended: between two jobs there is nothing to cancel."""
    deadline = time.monotonic() + seconds_to_stop
    while worker.is_alive() and time.monotonic() < deadline:
        threading.Thread(target=_cancel, args=(interruption,), daemon=True).start()
        worker.join(SECONDS_BETWEEN_CANCELS)


def _cancel(interruption: Interruption) -> None:
    # Spark may have ended already, by the same signal.
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
    """An argument as a word of a shell, its unprintable characters escaped."""
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
    """Ends the program; after an interruption without waiting for a thread that would not stop."""
    if status <= 128:
        sys.exit(status)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
