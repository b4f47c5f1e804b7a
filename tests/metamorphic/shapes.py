"""The same statements in another order, inside of other blocks, under other names."""

from collections.abc import Callable
from dataclasses import replace

from metamorphic.extraction import is_innermost
from metamorphic.names import defined, names_of
from metamorphic.program import (
    Block,
    Inapplicable,
    Kind,
    Line,
    Node,
    Part,
    Program,
    Suite,
    function,
    leaves,
    lines,
)

Priority = Callable[[int, Node], int]


def _is_clear(node: Node) -> bool:
    return {line.part for line in leaves((node,))} == {Part.CLEAR}


ORDERS: dict[str, Priority] = {
    "backwards": lambda at, _: -at,
    "clearing early": lambda _, node: -_is_clear(node),
    "clearing late": lambda _, node: int(_is_clear(node)),
}


def _touched(node: Node) -> tuple[set[str], set[str]]:
    """What a statement reads and writes."""
    own = tuple(leaves((node,)))
    return {one for line in own for one in line.reads}, {x for line in own for x in line.writes}


def _conflict(first: Node, second: Node) -> bool:
    (reads, writes), (others, written) = _touched(first), _touched(second)
    return bool(writes & (others | written) or reads & written)


def _sorted(suite: Suite, priority: Priority, conflict: Callable[[Node, Node], bool]) -> Suite:
    """The statements in the order of a priority, where none of them conflicts."""
    left = list(enumerate(suite))
    done: list[Node] = []
    while left:
        ready = [
            (at, node)
            for n, (at, node) in enumerate(left)
            if not any(conflict(earlier, node) for _, earlier in left[:n])
        ]
        first = min(ready, key=lambda one: priority(*one))
        left.remove(first)
        done.append(first[1])
    return tuple(done)


def with_bodies(
    suite: Suite, change: Callable[[Suite], Suite], parent: Block | None = None
) -> Suite:
    """The tree with the bodies of its innermost loops changed."""
    if is_innermost(parent):
        return change(suite)
    return tuple(
        replace(node, body=with_bodies(node.body, change, node))
        if isinstance(node, Block)
        else node
        for node in suite
    )


def _changed(program: Program, body: Suite) -> Program:
    if body == program.script.body:
        raise Inapplicable
    return program.with_body(body)


def reordered(program: Program, order: str) -> Program:
    """The program with the body of the loop in another order. Raises Inapplicable."""
    return _changed(
        program,
        with_bodies(program.script.body, lambda body: _sorted(body, ORDERS[order], _conflict)),
    )


def _setup_conflict(first: Node, second: Node) -> bool:
    one, other = names_of((first,)), names_of((second,))
    return bool(set(one.assigned) & {*other.needed, *other.assigned} or isinstance(second, Block))


def setup_backwards(program: Program) -> Program:
    """The program with what comes before the loop in another order. Raises Inapplicable."""
    return _changed(program, _sorted(program.script.body, ORDERS["backwards"], _setup_conflict))


def turned(program: Program) -> Program:
    """What clears first in a round clears at the end of the round. Raises Inapplicable."""

    def rotated(body: Suite) -> Suite:
        first = next((n for n, node in enumerate(body) if not _is_clear(node)), 0)
        guarded = any(isinstance(node, Block) for node in body[:first])
        return body if guarded else (*body[first:], *body[:first])

    return _changed(program, with_bodies(program.script.body, rotated))


def _with(head: str) -> Callable[[Suite], Suite]:
    return lambda body: (Block(head, body),)


WRAPS: dict[str, Callable[[Suite], Suite]] = {
    "with detect_anomaly": _with("with torch.autograd.set_detect_anomaly(True):"),
    "with enable_grad": _with("with torch.enable_grad():"),
    "with nullcontext": _with("with contextlib.nullcontext():"),
    "if True": _with("if True:"),
    "a loop of one round": lambda body: (Block("for _ in range(1):", body),),
    "try and finally": lambda body: (
        Block("try:", body),
        Block("finally:", lines("finished = True")),
    ),
    "try and except": lambda body: (
        Block("try:", body),
        Block("except KeyboardInterrupt:", lines("raise")),
    ),
}


def body_inside(program: Program, wrap: str) -> Program:
    """The program with the body of its loop inside of another block."""
    return _changed(program, with_bodies(program.script.body, WRAPS[wrap]))


def loop_inside(program: Program, wrap: str) -> Program:
    """The program with its whole loop inside of another block. Raises Inapplicable."""
    *setup, loop = program.script.body
    if not isinstance(loop, Block) or loop.kind is not Kind.LOOP:
        raise Inapplicable
    return program.with_body((*setup, *WRAPS[wrap]((loop,))))


def in_main(program: Program) -> Program:
    """The whole script in a function that it calls."""
    own, rest = _apart(program)
    return program.with_body((*own, function("main", "", rest), *lines("main()")))


def under_the_guard(program: Program) -> Program:
    """The script under `if __name__ == "__main__":`."""
    own, rest = _apart(program)
    return program.with_body((*own, Block('if __name__ == "__main__":', rest)))


def in_main_under_the_guard(program: Program) -> Program:
    """The script in a function that is called under `if __name__ == "__main__":`."""
    own, rest = _apart(program)
    guard = Block('if __name__ == "__main__":', lines("main()"))
    return program.with_body((*own, function("main", "", rest), guard))


def _apart(program: Program) -> tuple[Suite, Suite]:
    """Definitions that need nothing from the script, and the rest."""
    body = program.script.body
    own = tuple(defined(body).values())
    known = set(defined(body))
    if any(set(names_of((node,)).needed) - known for node in own):
        raise Inapplicable
    return own, tuple(node for node in body if node not in own)


NEUTRAL = {
    "model": "a",
    "loss": "b",
    "criterion": "c",
    "scaler": "d",
    "optimizer": "q",
    "optimizers": "qs",
    "state": "s",
    "encoder": "e",
    "head": "h",
    "encoder_optimizer": "p",
    "head_optimizer": "r",
    "encoder_loss": "u",
    "head_loss": "v",
    "loader": "z",
    "epoch": "k",
    "apply": "f",
    "reset": "g",
    "propagate": "m",
    "train_batch": "o",
    "train": "t",
    "train_epoch": "w",
    "trainer": "j",
    "Trainer": "J",
    "Base": "I",
}


def renamed(program: Program) -> Program:
    """The program with names that say nothing."""
    return replace(program, renamed=tuple(NEUTRAL.items()))


def a_line_more(program: Program) -> Program:
    """The program with a statement that has nothing to do with it at each end of the round."""
    before, after = Line('print("batch")'), Line("print(len(loader))")
    return _changed(program, with_bodies(program.script.body, lambda body: (before, *body, after)))
