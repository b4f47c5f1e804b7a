"""Reads the standard library and all packages that are installed, as if all of it were training.

`PYTHONPATH=tests python -m everything [SHARE]` prints what failed, and what cost the most; the
share is that of the files that are taken, all if it is not given.
"""

import random
import sys
import sysconfig
from pathlib import Path

from measured import Cost, cost_of

AS_TRAINING = b"import torch  # backward\n"
"""What makes a file worth analysing; in front of everything, where an encoding may be declared."""


def sources() -> list[Path]:
    """Every Python file of the standard library and the installed packages."""
    folders = {sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")}
    found = {file for folder in folders for file in Path(folder).rglob("*.py") if file.is_file()}
    return sorted(found)


def sample(count: int, seed: str) -> list[Path]:
    """Some of them."""
    return random.Random(seed).sample(sources(), count)


def cost_of_file(path: Path) -> Cost:
    """What reading a file as training code costs."""
    text = path.read_bytes()
    first, _, rest = text.partition(b"\n")
    declared = first.startswith((b"#", b"\xef\xbb\xbf"))
    return cost_of(first + b"\n" + AS_TRAINING + rest if declared else AS_TRAINING + text)


def main() -> None:
    """Read them all."""
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    files = sources()
    files = sample(int(len(files) * share), "by hand")
    costs: dict[Path, Cost] = {}
    for number, path in enumerate(files, 1):
        costs[path] = cost = cost_of_file(path)
        if cost.died or cost.failures:
            print(path, cost, flush=True)
        if number % 1000 == 0:
            print(f"... {number} of {len(files)}", flush=True)
    failed = sum(bool(cost.failures or cost.died) for cost in costs.values())
    alarms = [path for path, cost in costs.items() if set(cost.codes) - {"LG901"}]
    unread = sum("LG901" in cost.codes for cost in costs.values())
    print(f"{len(costs)} files, {failed} failed, {unread} unreadable, {len(alarms)} with findings")
    for path in alarms:
        print("  found in", path, set(costs[path].codes))
    for key in ("megabytes", "seconds"):
        path = max(costs, key=lambda path: float(getattr(costs[path], key)))
        print(f"the most {key}: {getattr(costs[path], key):.1f} for {path}")


if __name__ == "__main__":
    main()
