"""The entry point, `python -m lintgrad` too, and how Ctrl-C and a request to end are answered."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

_SAID = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
_SHOW_CURSOR = "\r\x1b[2K\x1b[?25h"
"""Takes back what a progress bar has done to the line and the cursor."""


def main() -> NoReturn:
    """Run the command line and leave with its exit status."""
    for number in _SAID:
        signal.signal(number, _end)
    from lintgrad.cli.main import main as run

    run()


def _end(number: int, _frame: FrameType | None) -> None:
    """End at once, by one line, with the worker processes.

    An exception would have to come through whatever runs at the moment, which may wrap or lose it.
    """
    try:
        if "multiprocessing" in sys.modules:
            for worker in sys.modules["multiprocessing"].active_children():
                worker.kill()
        cursor = _SHOW_CURSOR if os.isatty(2) else ""
        os.write(2, f"{cursor}lintgrad: {_SAID[signal.Signals(number)]}\n".encode())
    finally:
        os._exit(128 + number)


if __name__ == "__main__":
    main()
