"""Asking the oracle: a process with torch is started once, and runs program after program."""

import atexit
import functools
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from oracle.outcome import Outcome, from_json, merged

HAS_TORCH = "LINTGRAD_NEEDS_TORCH" in os.environ or importlib.util.find_spec("torch") is not None
"""Whether the tests that ask torch are run; where they must be, they fail without it."""
WITHOUT_TORCH = "torch is not installed: what real torch does is not looked at"
SECONDS = 20.0
"""What one program may take."""
_TESTS = Path(__file__).parent.parent


class Oracle:
    """A running process that has torch."""

    def __init__(self) -> None:
        """Start it; torch is imported while the caller goes on."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "oracle.server"],
            env=os.environ | {"PYTHONPATH": str(_TESTS), **_QUIET},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=10)

    def run(
        self,
        text: str,
        *,
        others: dict[str, str] | None = None,
        arguments: tuple[str, ...] = (),
        calls: bool | None = None,
        values: dict[str, str] | None = None,
        seed: int = 0,
        seconds: float = SECONDS,
    ) -> Outcome:
        """Run a program.

        Its other files are modules that it may import. With calls, the functions that nothing in
        the program calls are called with stand-ins for their arguments: flags are what calls is,
        some names get the values of the expressions that are given.
        """
        request = {
            "files": {**(others or {}), "train.py": text},
            "arguments": arguments,
            "calls": calls,
            "values": values or {},
            "seed": seed,
            "seconds": seconds,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the oracle has ended with status {self._process.wait()}")
        return from_json(json.loads(answer))

    def run_with_stand_ins(self, text: str, values: dict[str, str] | None = None) -> Outcome:
        """Run a program whose functions nobody calls: once with all flags set, once with none."""
        first = self.run(text, calls=True, values=values)
        return merged([first, self.run(text, calls=False, values=values)]) if first.calls else first


@functools.cache
def shared() -> Oracle:
    """The one oracle that all tests ask."""
    oracle = Oracle()
    atexit.register(oracle.close)
    return oracle


_QUIET = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TORCHDYNAMO_DISABLE": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "PYTHONDONTWRITEBYTECODE": "1",
}
