"""How a fixture's function uses a name: what the stand-in for it has to be able to do."""

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass

_WALKED_BY = frozenset("enumerate zip iter len list tqdm chain cycle sorted reversed".split())
_MODULE_ONLY = frozenset(
    "parameters named_parameters modules named_modules requires_grad_ forward".split()
)
_COUNTERS = frozenset("i step j accum batch_idx".split())


@dataclass(frozen=True)
class Uses:
    """The uses of names in one function or class."""

    tree: ast.AST

    @property
    def nodes(self) -> Iterator[ast.AST]:
        """Every node in sight."""
        return ast.walk(self.tree)

    def attributes(self, name: str) -> set[str]:
        """The attributes that are asked of a name."""
        return {
            node.attr
            for node in self.nodes
            if isinstance(node, ast.Attribute) and _is(node.value, name)
        }

    def parts_called(self, name: str) -> dict[str, int]:
        """The attributes of a name that are modules of their own, with their number of inputs."""
        parts = {}
        for node in self.nodes:
            match node:
                case ast.Call(ast.Attribute(owner, part), given) if _is(owner, name):
                    parts[part] = len(given)
                case ast.Attribute(ast.Attribute(owner, part), attribute) if (
                    _is(owner, name) and attribute in _MODULE_ONLY
                ):
                    parts.setdefault(part, 1)
                case _:
                    pass
        return parts

    def is_module(self, name: str) -> bool:
        """Whether only a module can be meant."""
        return not self.attributes(name).isdisjoint(_MODULE_ONLY)

    def is_called(self, name: str) -> bool:
        """Whether the name is called as a function."""
        return any(isinstance(node, ast.Call) and _is(node.func, name) for node in self.nodes)

    def is_walked(self, name: str) -> bool:
        """Whether something runs over the name's elements."""
        return any(name in _walked(source) for _, source in self._walks())

    def is_count(self, name: str) -> bool:
        """Whether what has the name is divided by, or counted up to."""
        for node in self.nodes:
            match node:
                case ast.BinOp(_, ast.Mod() | ast.FloorDiv() | ast.Div(), right):
                    counts = [right]
                case ast.Call(ast.Name("range"), given):
                    counts = given
                case ast.Compare(left, [ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE()], [right]):
                    counts = [left, right]
                case ast.keyword("ignore_index", index):
                    counts = [index]
                case _:
                    continue
            if any(_is(one, name) or _ends_in(one, name) for one in counts):
                return True
        return False

    def elements(self, name: str) -> int:
        """Into how many names an element is unpacked; 1 if it is not."""
        counts = [
            _unpacked(target)
            for target, source in self._walks()
            if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(source))
        ]
        return max(counts, default=1)

    def _walks(self) -> Iterator[tuple[ast.AST | None, ast.AST]]:
        for node in self.nodes:
            match node:
                case ast.For(target, source) | ast.AsyncFor(target, source):
                    yield target, source
                case ast.comprehension(target, source):
                    yield target, source
                case ast.Assign([ast.Tuple() as target], source):
                    yield target, source
                case ast.Call(ast.Name(walks), [source, *_]) if walks in _WALKED_BY:
                    yield None, source
                case _:
                    pass


def unbound(text: str) -> set[str]:
    """The names that a file uses and nothing in it binds."""
    nodes = list(ast.walk(ast.parse(text)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    for node in nodes:
        match node:
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
                bound.add(name)
            case ast.Import(aliases) | ast.ImportFrom(_, aliases):
                bound |= {one.asname or one.name.partition(".")[0] for one in aliases}
            case ast.arg(name) | ast.ExceptHandler(_, str(name)):
                bound.add(name)
            case ast.MatchAs(_, str(name)) | ast.MatchStar(str(name)):
                bound.add(name)
            case _:
                pass
    own = {"__name__", "__file__", "__doc__"}
    return {node.id for node in names} - bound - own - vars(builtins).keys()


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _ends_in(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == name


def _walked(source: ast.AST) -> set[str]:
    """The names whose elements a source gives."""
    match source:
        case ast.Name(name):
            return {name}
        case ast.Call(ast.Name(walks), given) if walks in _WALKED_BY:
            return {name for one in given for name in _walked(one)}
        case _:
            return set()


def _unpacked(target: ast.AST | None) -> int:
    """How many names a target unpacks a batch into: two for `x, y` and `i, (x, y)`."""
    if not isinstance(target, ast.Tuple):
        return 1
    inner = [len(one.elts) for one in target.elts if isinstance(one, ast.Tuple)]
    if inner:
        return max(inner)
    names = [one.id for one in target.elts if isinstance(one, ast.Name)]
    return 1 if names[:1] and names[0] in _COUNTERS else len(target.elts)
