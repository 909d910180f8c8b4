"""What every driver does with its command line: run it, and answer what goes wrong with a line and an exit status."""

from __future__ import annotations

import sys
from collections.abc import Callable

from spark.runs.interruption import Interruption, run_interruptibly
from utils import UserError, printable_lines


def run_driver(name: str, work: Callable[[list[str] | None, Interruption], int], arguments: list[str] | None) -> int:
    """The exit status of `work`: 0 when done, 1 when a split failed, 2 for what the user can put right, 130 on Ctrl-C.

    name: of the program, before what it says.
    """
    interruption = Interruption()
    try:
        return run_interruptibly(lambda: work(arguments, interruption), interruption)
    except UserError as error:
        print(f"{name}: {printable_lines(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return interruption.exit_status
    except OSError as error:  # the disk, the network, a permission
        print(f"{name}: {printable_lines(str(error))}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"{name}: {error.name} is not installed for {sys.executable}.", file=sys.stderr)
        print(f"Run `make setup`, then .venv/bin/python {name}.", file=sys.stderr)
        return 2
