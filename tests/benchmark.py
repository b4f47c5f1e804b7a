"""Times whole runs of lintgrad: `python tests/benchmark.py [FOLDER]...` prints medians.

Without arguments it times one small script, the version, and a generated repository of training
scripts; a folder (such as a checkout of pytorch/examples) is timed with one and two processes.
Figures are wall seconds of whole processes, and their ratio to `python -c pass` run in turn.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

FIXTURES = Path(__file__).parent.parent / "fixtures" / "loops"
RUNS = 5


def seconds(command: Sequence[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, check=False)
    return time.perf_counter() - start


def measure(label: str, arguments: Sequence[str]) -> None:
    command = [sys.executable, "-m", "lintgrad", *arguments]
    floor = [sys.executable, "-c", "pass"]
    seconds(command)
    pairs = [(seconds(command), seconds(floor)) for _ in range(RUNS)]
    median = statistics.median(own for own, _ in pairs)
    ratio = statistics.median(own / least for own, least in pairs)
    print(f"{median:7.3f} s  {ratio:6.1f} x python -c pass  {label}")


def main() -> None:
    measure("lintgrad --version", ["--version"])
    script = sorted(FIXTURES.glob("*.py"))[0]
    measure(f"check {script.name}", ["check", str(script)])
    for folder in sys.argv[1:]:
        for jobs in ("1", "2"):
            measure(f"check {folder} --jobs {jobs}", ["check", folder, "--jobs", jobs])
    with tempfile.TemporaryDirectory() as made:
        for number in range(4):
            for fixture in FIXTURES.glob("*.py"):
                copy = Path(made) / f"{fixture.stem}_{number}.py"
                copy.write_text(fixture.read_text(encoding="utf-8"), encoding="utf-8")
        count = len(list(Path(made).glob("*.py")))
        for jobs in ("1", "2"):
            measure(f"check {count} scripts --jobs {jobs}", ["check", made, "--jobs", jobs])


if __name__ == "__main__":
    main()
