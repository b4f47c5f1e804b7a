"""What checking a source costs: each in a fork of a process that has imported all it takes.

`python -m measured`: one source a line on standard input, what it took a line on standard output.
"""

import json
import os
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from lintgrad.engine.check import check_bytes
from lintgrad.engine.run import with_deep_stack
from lintgrad.registry import installed_rules

SECONDS = 60
"""Of the processor's time: what a source takes is not judged, but this is enough on any machine."""


@dataclass(frozen=True)
class Cost:
    """What came of one source."""

    died: int = 0
    """The signal that ended the process, 0 if none did."""
    megabytes: float = 0
    """The most memory that the process had at a time."""
    seconds: float = 0
    """Of the processor's time."""
    codes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


def cost_of(data: bytes) -> Cost:
    """Check a source in a fork."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, json.dumps(asdict(_cost(data))).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    return Cost(**json.loads(answer)) if answer else Cost(died=os.WTERMSIG(status))


def _cost(data: bytes) -> Cost:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    start = time.process_time()
    checked = with_deep_stack(lambda: check_bytes("train.py", data, installed_rules()))
    return Cost(
        0,
        _most_megabytes(),
        time.process_time() - start,
        tuple(one.code for one in checked.diagnostics),
        checked.failures,
    )


def _most_megabytes() -> float:
    """The high-water mark of this process alone; its own, unlike `getrusage` after a fork."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Serve until there is nothing more to read."""
    check_bytes("warm.py", b"import torch\nloss.backward()\n", installed_rules())
    for line in sys.stdin:
        print(json.dumps(asdict(cost_of(json.loads(line).encode()))), flush=True)


if __name__ == "__main__":
    main()
