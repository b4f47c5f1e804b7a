"""The outputs of trained modules that losses hang on, and what the losses of a list share."""

from collections import Counter
from collections.abc import Iterable, Iterator

from lintgrad.flow.names.bindings import Binding, Via, at
from lintgrad.flow.names.elements import element_source
from lintgrad.flow.names.scopes import Scope
from lintgrad.flow.slips.carrying import Carrying, names_read
from lintgrad.flow.slips.grad_modes import GradModes
from lintgrad.source.text import Span
from lintgrad.syntax.names import place_of
from lintgrad.syntax.nodes import Call, Comprehension, Expr, For, Name, Sequence, Starred, While
from lintgrad.syntax.walk import statements_of


class Outputs:
    """Answers which outputs of trained modules the values of one function hang on for certain."""

    def __init__(self, scope: Scope, carrying: Carrying, modes: GradModes) -> None:
        self._scope = scope
        self._carrying = carrying
        self._modes = modes

    def of(self, value: Expr, seen: Iterable[str] = ()) -> Iterator[tuple[str, Call]]:
        """The names of the outputs that a value is computed from, with the calls that give them."""
        for place, made in self.through(value, seen):
            if self._is_output(made) and isinstance(made, Call):
                yield place, made

    def through(self, value: Expr, seen: Iterable[str] = ()) -> Iterator[tuple[str, Expr]]:
        """The names that a value is computed from, up to outputs, with what each is bound to."""
        todo, known = list(names_read(value, self._carrying)), set(seen)
        while todo:
            place = todo.pop()
            bound = self._scope.bindings.get(place, [])
            if place in known or len(bound) != 1 or bound[0].via is not Via.VALUE:
                continue
            known.add(place)
            made = bound[0].value
            if self._modes.may_be_off(made.span):
                continue
            yield place, made
            if not self._is_output(made):
                todo.extend(names_read(made, self._carrying))

    def _is_output(self, made: Expr) -> bool:
        return isinstance(made, Call) and self._carrying.trains(place_of(made.func))

    def shared(self, loss: str, span: Span) -> Iterator[str]:
        """The outputs that several elements of what a loop draws a loss from hang on."""
        bound = at(self._scope.bindings.get(loss, []), span)
        if len(bound) != 1 or bound[0].via is not Via.ELEMENT:
            return
        source = element_source(bound[0].value, bound[0].index, bound[0].parts)
        if source is not None:
            counted = Counter(self._of_elements(source))
            yield from (place for place, count in counted.items() if count > 1)

    def _of_elements(self, source: Expr) -> Iterator[str]:
        """The outputs that each element hangs on: twice if there are several such elements."""
        match source:
            case Sequence(items=items) if not any(isinstance(i, Starred) for i in items):
                for item in items:
                    yield from {place for place, _ in self.of(item)}
            case Comprehension(element=element):
                yield from 2 * [place for place, _ in self.of(element)]
            case Name(id=name):
                yield from self._of_list(self._scope.bindings.get(name, []))

    def _of_list(self, bound: list[Binding]) -> Iterator[str]:
        values = [b.value for b in bound if b.via is Via.VALUE]
        added = [b.value for b in bound if b.via is Via.APPENDED]
        if len(values) != 1 or len(values) + len(added) != len(bound):
            return
        if not isinstance(values[0], Name):
            yield from self._of_elements(values[0])
        for value in added:
            for place, made in self.of(value):
                yield from [place] * (2 if self._is_repeated(value, made) else 1)

    def _is_repeated(self, added: Expr, output: Call) -> bool:
        """Whether a loop adds to a list again and again what hangs on one output."""
        return any(
            isinstance(loop, For | While)
            and any(s.span.start <= added.span.start < s.span.end for s in statements_of(loop.body))
            and not any(
                s.span.start <= output.span.start < s.span.end for s in statements_of(loop.body)
            )
            for loop in statements_of(self._scope.node.body)
        )
