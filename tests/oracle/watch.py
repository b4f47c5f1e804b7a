"""The eyes of the oracle: torch's own functions, wrapped so that the books are kept."""

import functools
import importlib
import itertools
import sys
import weakref
from collections.abc import Callable, Iterable, Mapping
from types import FrameType, TracebackType
from typing import Any

from oracle.clips import Clips
from oracle.ledger import Account, Backward, Ledger, Made, causes_of, leaves_of
from oracle.outcome import Harm, How, Line, Outcome, count
from oracle.scalers import Scalers
from oracle.summary import Lost, lost_of, never_stepped, unused, windows_cut_short
from oracle.turns import leaks, only_of_others

NOT_SCALAR = "grad can be implicitly created only for"


class Watch:
    """Watches one program; the files are those whose lines count as its own."""

    def __init__(self, files: Mapping[str, str]) -> None:
        """Take the program's files: the name of the code, and the name to report."""
        self.outcome = Outcome()
        self._files = files
        self._ledger = Ledger()
        self._clock = itertools.count(1)
        self._optimizers: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._stepping: set[int] = set()
        self._steps: list[Made] = []
        self._backwards: list[Backward] = []
        self._lost: Lost = {}
        self._scalers = Scalers()
        self._clips = Clips(self._ledger, self.outcome)

    def start(self) -> None:
        """Wrap what is watched. There is no way back: a process runs one program."""
        torch = importlib.import_module("torch")
        torch.autograd.backward = self._watched_backward(torch.autograd.backward)
        optimizer = torch.optim.Optimizer
        profiled = optimizer.profile_hook_step
        for kind in optimizer.__subclasses__():
            if hasattr(kind.step, "hooked"):
                kind.step = kind.step.__wrapped__
        optimizer.profile_hook_step = staticmethod(lambda step: self._step(profiled(step)))
        optimizer.__init__ = self._own(optimizer.__init__)
        optimizer.zero_grad = self._clear(optimizer.zero_grad)
        torch.nn.Module.zero_grad = self._clear(torch.nn.Module.zero_grad)
        norms = torch.nn.utils
        for name in ("clip_grad_norm_", "clip_grad_value_"):
            clip = self._clips.watched(getattr(norms, name), self.here)
            setattr(norms, name, clip)
            setattr(norms.clip_grad, name, clip)
        scaler = torch.amp.GradScaler
        scaler.scale = self._scalers.watched_scale(scaler.scale)
        scaler.unscale_ = self._scalers.watched_unscale(scaler.unscale_, self._accounts_of)

    def counter(self, file: str) -> Callable[[int], None]:
        """What counts the branches of a file."""

        def ran(row: int) -> None:
            count(self.outcome.lines, Line(file, row))

        return ran

    def here(self) -> Line | None:
        """The program's line that is running."""
        return self._line_of(sys._getframe())

    def raised_at(self, error: BaseException) -> Line | None:
        """The innermost line of the program that an exception came through."""
        found = None
        trace: TracebackType | None = error.__traceback__
        while trace is not None:
            name = self._files.get(trace.tb_frame.f_code.co_filename)
            if name is not None:
                found = Line(name, trace.tb_lineno)
            trace = trace.tb_next
        return found

    def told(self, code: str, at: Line, how: How) -> None:
        """Write down harm that torch itself has told of."""
        self._harm(code, at, how, [])

    def finish(self) -> None:
        """Write down what only the whole run shows."""
        for account in self._ledger:
            account.observe()
        for line, times in self.outcome.steps.items():
            if times > 1 and self.outcome.empty_steps.get(line) == times:
                self._harm("LG301", line, How.STEP, [])
        for line, cause in windows_cut_short(self._lost):
            self._harm("LG103", line, How.STEP, [], [cause])
        for line in never_stepped(self._backwards):
            self._harm("LG302", line, How.STEP, [])
        self.outcome.wiped = unused(self._backwards)
        for line in self._clips.never_applied():
            self._harm("LG501", line, How.STEP, [])

    def _line_of(self, frame: FrameType | None) -> Line | None:
        while frame is not None:
            name = self._files.get(frame.f_code.co_filename)
            if name is not None:
                return Line(name, frame.f_lineno)
            frame = frame.f_back
        return None

    # Backward calls

    def _watched_backward(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def backward(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            roots = list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]
            call = Backward(next(self._clock), self.here(), scaler=self._scalers.scaler_of(roots))
            self._backwards.append(call)
            self._observe_all(call.line)
            accounts = [self._ledger.account(leaf) for leaf in leaves_of(roots)]
            hooks = [self._expect(account, call) for account in accounts]
            if call.line is not None:
                count(self.outcome.backwards, call.line)
            try:
                return original(tensors, *args, **kwargs)
            except RuntimeError as error:
                if NOT_SCALAR in str(error) and call.line is not None:
                    self.outcome.caught.append(call.line)
                raise
            finally:
                for hook in hooks:
                    hook.remove()
                for account in accounts:
                    account.observe()

        return backward

    @staticmethod
    def _expect(account: Account, call: Backward) -> Any:
        def arrives(grad: Any) -> None:
            if bool((grad.coalesce().values() if grad.is_sparse else grad).any()):
                account.receive(call)
                call.reached.append(account)

        return account.tensor.register_hook(arrives)

    def _observe_all(self, line: Line | None) -> None:
        for account in self._ledger:
            mixed = account.mixed
            if account.observe() and mixed and line is not None:
                self._harm("LG101", line, How.HAND, [account])

    # Clearing

    def _clear(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def zero_grad(*args: Any, **kwargs: Any) -> Any:
            self._observe_all(self.here())
            result = original(*args, **kwargs)
            self._observe_all(None)
            return result

        return zero_grad

    # Steps

    def _own(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def built(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            original(optimizer, *args, **kwargs)
            accounts = self._accounts_of(optimizer)
            line = self.here()
            if line is not None and any(account.steps for account in accounts):
                count(self.outcome.rebuilt, line)
            for account in accounts:
                account.owned = True

        return built

    def _step(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def step(optimizer: Any, closure: Any = None, *args: Any, **kwargs: Any) -> Any:
            number = self._number(optimizer)
            if number in self._stepping:
                return original(
                    optimizer, *(() if closure is None else (closure,)), *args, **kwargs
                )
            line = self.here()
            self._stepping.add(number)
            try:
                if closure is None:
                    self._use(optimizer, line, How.STEP)
                    return original(optimizer, *args, **kwargs)
                return original(optimizer, self._run(closure, optimizer, line), *args, **kwargs)
            finally:
                self._stepping.discard(number)
                for account in self._accounts_of(optimizer):
                    account.settle()

        return step

    def _run(self, closure: Any, optimizer: Any, line: Line | None) -> Any:
        if not callable(closure):
            return closure

        def watched() -> Any:
            for account in self._accounts_of(optimizer):
                account.settle()
            result = closure()
            self._use(optimizer, line, How.CLOSURE)
            return result

        return watched

    def _number(self, optimizer: Any) -> int:
        if optimizer not in self._optimizers:
            self._optimizers[optimizer] = next(self._clock)
        return self._optimizers[optimizer]

    def _accounts_of(self, optimizer: Any) -> list[Account]:
        return [
            self._ledger.account(tensor)
            for group in optimizer.param_groups
            for tensor in group["params"]
        ]

    def _use(self, optimizer: Any, line: Line | None, how: How) -> None:
        accounts = self._accounts_of(optimizer)
        number = self._number(optimizer)
        for account in accounts:
            account.observe()
        if line is not None:
            count(self.outcome.steps, line)
            self._judge(number, accounts, line, how)
        applied = {one.backward.order for account in accounts for one in account.contents}
        wiped = {one.backward.order for account in accounts for one in account.wasted}
        made = Made(next(self._clock), number, frozenset(applied), frozenset(wiped))
        self._steps.append(made)
        for account in accounts:
            account.wasted = []
            account.steps += 1
            account.apply(number)

    def _judge(self, number: int, accounts: list[Account], line: Line, how: How) -> None:
        filled = [account for account in accounts if account.contents]
        wasted = any(account.wasted for account in accounts)
        if not filled:
            if not wasted:
                count(self.outcome.empty_steps, line)
            else:
                foreign = how is How.STEP and only_of_others(number, accounts, self._steps)
                self._harm("LG102", line, How.FOREIGN if foreign else how, accounts)
            return
        self.outcome.wasted += wasted
        self._lost.setdefault(line, []).append(lost_of(filled))
        if any(one.scaled for account in filled for one in account.contents):
            self._harm("LG503", line, how, filled)
        mixed = [account for account in filled if account.mixed]
        if mixed:
            self._harm("LG101", line, how, mixed)
        elif not any(account.fresh for account in filled):
            self._harm("LG309", line, how, filled)
        leaking = [account for account in filled if leaks(number, account, self._steps)]
        if leaking:
            self._harm("LG701", line, how, leaking)

    def _harm(
        self,
        code: str,
        line: Line,
        how: How,
        accounts: Iterable[Account],
        causes: Iterable[Line] = (),
    ) -> None:
        self.outcome.show(Harm(code, line, how, tuple(sorted({*causes, *causes_of(accounts)}))))
