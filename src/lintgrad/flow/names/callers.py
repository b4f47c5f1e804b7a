"""Who calls a function in its own file, and what they pass."""

from collections.abc import Iterable, Iterator

from lintgrad.flow.names.scopes import Argument, Scope
from lintgrad.syntax.nodes import Attr, Call, Name


class Callers:
    """The calls in the files of a project, by the name that is called."""

    def __init__(self) -> None:
        self._calls: dict[tuple[Scope, str], list[tuple[Scope, Call]]] = {}

    def note(self, scopes: Iterable[Scope]) -> None:
        """Take notice of the calls in a file's scopes: they say what parameters are."""
        for scope in scopes:
            for call in scope.calls:
                if isinstance(call.func, Name | Attr):
                    name = call.func.id if isinstance(call.func, Name) else call.func.name
                    self._calls.setdefault((scope.root, name), []).append((scope, call))

    def passed(self, scope: Scope, name: str) -> Iterator[Argument]:
        """What visible callers pass for a parameter."""
        names = [parameter.name for parameter in scope.parameters]
        method = scope.owner is not None and names[:1] == ["self"]
        position = names.index(name) - method
        simple = scope.name.rsplit(".", 1)[-1]
        wanted = [simple]
        if scope.owner is not None and simple == "__init__":
            wanted.append(scope.owner.name)
        found = (f for each in wanted for f in self._calls.get((scope.root, each), ()))
        for where, call in found:
            match call.func:
                case Name(id=called) if called == simple and where.function(simple) is scope:
                    pass
                case Attr(name=called) if method and called == simple:
                    pass
                case Name(id=called) if method and simple == "__init__":
                    if where.class_named(called) is not scope.owner:
                        continue
                case _:
                    continue
            argument = call.argument(position, name)
            if argument is not None:
                yield Argument(where, argument)
