"""Running the command line as a user does: a process of its own."""

import os
import pty
import subprocess
import sys
from pathlib import Path

BUGGY = """\
import torch

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x, y in loader:
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
"""
FIXED = BUGGY.replace("    loss.backward()", "    optimizer.zero_grad()\n    loss.backward()")


def lintgrad(
    *arguments: str | Path, cwd: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run lintgrad and keep what it says."""
    plain = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    return subprocess.run(
        [sys.executable, "-m", "lintgrad", *map(str, arguments)],
        cwd=cwd,
        env=plain | (environment or {}),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def in_a_terminal(project: Path, *arguments: str, **environment: str) -> str:
    """What lintgrad writes to a terminal of 100 columns."""
    plain = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "lintgrad", *arguments],
        cwd=project,
        stdout=slave,
        stderr=slave,
        env=plain | {"TERM": "xterm-256color", "COLUMNS": "100"} | environment,
    )
    os.close(slave)
    written = b""
    while True:
        try:
            read = os.read(master, 10_000)
        except OSError:  # what a pseudo-terminal says when the other end has gone
            break
        if not read:
            break
        written += read
    os.close(master)
    assert process.wait(timeout=30) in (0, 1)
    return written.decode(errors="replace")
