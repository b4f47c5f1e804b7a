"""The process that has torch: it reads programs, runs each in a fork, and writes what came of it.

`python -m oracle.server`; one request a line on standard input, one outcome a line on standard
output. Nothing of one program is left when the next one runs.
"""

import ast
import contextlib
import gc
import importlib
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
import types
import warnings
from pathlib import Path
from typing import Any

from oracle.marks import MARK, marked
from oracle.no_gpu import pretend
from oracle.outcome import Failure, How, Outcome, to_json
from oracle.told import CHANGED, code_of
from oracle.uses import unbound
from oracle.watch import NOT_SCALAR, Watch

MAIN = "train.py"
_GROUP = "istributed"
"""What the names of modules and classes that need a group of processes have in common."""


def prepared() -> None:
    """Import all that programs use, so that no fork has to."""
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)
    for name in ("numpy", "torch._dynamo", "torch.nn.functional", "torch.utils.checkpoint"):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    leaf = torch.zeros(1, requires_grad=True)
    for kind in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad"):
        getattr(torch.optim, kind)([leaf]).step()
    pretend(torch)
    gc.collect()
    gc.freeze()


def run(request: dict[str, Any], folder: Path) -> Outcome:
    """Run one program in this very process, which is of no use afterwards."""
    files: dict[str, str] = request["files"]
    os.chdir(folder)
    sys.argv = [MAIN, *request["arguments"]]
    watch = Watch({str(folder / name): name for name in files})
    watch.start()
    if any(_GROUP in text for text in files.values()):
        _grouped()
    _seeded(request["seed"])
    outcome = watch.outcome
    program: dict[str, Any] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        _heard(watch)
        with _failures(watch):
            for name in sorted(files, key=MAIN.__eq__):
                program = _namespace(name)
                if request["calls"] is not None:
                    program |= _unbound(request, name)
                program[MARK] = watch.counter(name)
                exec(marked(files[name], str(folder / name)), program)
        if request["calls"] is not None and not outcome.failures:
            from oracle.standins import Visitors

            visitors = Visitors(files[MAIN], program, request["calls"], request["values"])
            for call in visitors.calls():
                outcome.calls += 1
                with _failures(watch):
                    call()
    outcome.warnings += sorted({f"{w.category.__name__}: {w.message}" for w in caught})
    watch.finish()
    return outcome


def _grouped() -> None:
    """Be a group of one process, for what works in groups only."""
    distributed = importlib.import_module("torch.distributed")
    store = distributed.HashStore()
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)


def _unbound(request: dict[str, Any], name: str) -> dict[str, Any]:
    """Stand-ins for what a file uses and nothing in it binds."""
    from oracle.standins import stand_ins

    text = request["files"][name]
    made = stand_ins(text, ast.parse(text), {}, flag=request["calls"], values=request["values"])
    return {name: made.value(name) for name in sorted(unbound(text))}


def _heard(watch: Watch) -> None:
    """Have warnings that are harm written down with the program's line."""
    keep: Any = warnings.showwarning

    def show(message: Warning | str, *args: Any, **kwargs: Any) -> None:
        at, code = watch.here(), code_of(str(message))
        if at is not None and code is not None:
            watch.told(code, at, How.WARNED)
        keep(message, *args, **kwargs)

    warnings.showwarning = show


def _namespace(file: str) -> dict[str, Any]:
    """Where a file's names go: the main file comes last, and can import the others."""
    if file == MAIN:
        return {"__name__": "__main__", "__file__": file}
    module = types.ModuleType(Path(file).stem)
    sys.modules[module.__name__] = module
    return vars(module)


def _seeded(seed: int) -> None:
    random.seed(seed)
    importlib.import_module("torch").manual_seed(seed)
    with contextlib.suppress(ImportError):
        importlib.import_module("numpy").random.seed(seed)


@contextlib.contextmanager
def _failures(watch: Watch) -> Any:
    try:
        yield
    except Exception as error:
        at = watch.raised_at(error)
        message = (str(error).splitlines() or [""])[0]
        code = code_of(message)
        if NOT_SCALAR in message and at in watch.outcome.caught:
            watch.outcome.caught.remove(at)
        elif NOT_SCALAR in message:
            code = None
        if code is not None and at is not None:
            watch.told(code, at, How.CHANGED if CHANGED in message else How.RAISED)
        else:
            watch.outcome.failures.append(Failure(type(error).__name__, message, at))
    except SystemExit:
        pass


def served(request: dict[str, Any]) -> dict[str, Any]:
    """Run one program in a fork, for no longer than it may take."""
    with tempfile.TemporaryDirectory() as folder:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _child(request, Path(folder).resolve(), writing)
        os.close(writing)
        answer = _answer(reading, request["seconds"])
        os.close(reading)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if answer:
        plain: dict[str, Any] = json.loads(answer)
        return plain
    if answer is None:
        return to_json(Outcome(timed_out=True))
    return to_json(Outcome(failures=[Failure("died", "the process ended by itself", None)]))


def _child(request: dict[str, Any], folder: Path, writing: int) -> None:
    """What the fork does: it never returns."""
    status = 0
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        answer = json.dumps(to_json(run(request, folder)))
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            pipe.write(answer)
    except BaseException:
        failure = Failure("oracle", traceback.format_exc(), None)
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            pipe.write(json.dumps(to_json(Outcome(failures=[failure]))))
        status = 1
    os._exit(status)


def _answer(reading: int, seconds: float) -> bytes | None:
    """All that the fork writes; None if it is not done when the time is up."""
    parts: list[bytes] = []
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if not select.select([reading], [], [], left)[0]:
            break
        part = os.read(reading, 1 << 16)
        if not part:
            return b"".join(parts)
        parts.append(part)
    return None


def main() -> None:
    """Serve until there is nothing more to read."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    prepared()
    for line in sys.stdin:
        answers.write(json.dumps(served(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
