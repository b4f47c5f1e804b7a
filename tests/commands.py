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


PLAIN = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
"""The environment without what turns colours on or off."""


def install_pack(folder: Path, name: str, text: str) -> None:
    """Make a folder that, on the path, holds an installed package of rules called RULES."""
    meta = folder / f"{name}-1.0.dist-info"
    meta.mkdir(parents=True)
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    (meta / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text(f"[lintgrad.rules]\n{name} = {name}:RULES\n")


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program that may commit to git, as an author of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | _AUTHOR
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


_AUTHOR = {
    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org",
}  # fmt: skip


def lintgrad(
    *arguments: str | Path, cwd: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run lintgrad and keep what it says."""
    return subprocess.run(
        [sys.executable, "-m", "lintgrad", *map(str, arguments)],
        cwd=cwd,
        env=PLAIN | (environment or {}),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def in_a_terminal(project: Path, *arguments: str, **environment: str) -> str:
    """What lintgrad writes to a terminal of 100 columns."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "lintgrad", *arguments],
        cwd=project,
        stdout=slave,
        stderr=slave,
        env=PLAIN | {"TERM": "xterm-256color", "COLUMNS": "100"} | environment,
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
