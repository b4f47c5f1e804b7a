"""libcst statements to the small tree's statements."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import libcst as cst

from lintgrad.source.text import Span
from lintgrad.syntax.collected import taken_apart
from lintgrad.syntax.expressions import Expressions
from lintgrad.syntax.nodes import (
    Assert,
    Assign,
    AugAssign,
    Break,
    Case,
    Class,
    Continue,
    Declare,
    Delete,
    Expr,
    ExprStmt,
    For,
    Function,
    Global,
    Handler,
    If,
    Import,
    Match,
    Raise,
    Return,
    Stmt,
    Try,
    While,
    With,
    WithItem,
)
from lintgrad.syntax.nodes import Sequence as SequenceExpr
from lintgrad.syntax.positions import Positions


class Statements:
    """Converts statements of one module."""

    def __init__(self, positions: Positions, text: str) -> None:
        self._positions = positions
        self._text = text
        self._expr = Expressions(positions)

    def suite(self, statements: Sequence[cst.CSTNode]) -> tuple[Stmt, ...]:
        """The statements of a module's or a block's body."""
        return tuple(found for node in statements for found in self._statement(node))

    def _statement(self, node: cst.CSTNode) -> Iterator[Stmt]:
        if isinstance(node, cst.SimpleStatementLine):
            for small in node.body:
                yield from self._statement(small)
            return
        method = _CONVERTERS.get(type(node))
        if method is not None:
            yield method(self, node)

    def _block(self, node: cst.BaseSuite | None) -> tuple[Stmt, ...]:
        return () if node is None else self.suite(node.body)

    def _span(self, node: cst.CSTNode) -> Span:
        return self._trimmed(self._positions.span(node))

    def _header(self, node: cst.CSTNode, body: cst.BaseSuite) -> Span:
        """From the keyword to the colon; leading comments and decorators are not the header."""
        whole = self._positions.span(node)
        span = self._trimmed(replace(whole, end=self._positions.span(body).start))
        skipped = node.leading_lines if hasattr(node, "leading_lines") else ()
        start = max((self._positions.span(line).end for line in skipped), default=span.start)
        for decorator in getattr(node, "decorators", ()):
            start = max(start, self._positions.span(decorator).end)
        for line in getattr(node, "lines_after_decorators", ()):
            start = max(start, self._positions.span(line).end)
        return self._trimmed(replace(span, start=start))

    def _trimmed(self, span: Span) -> Span:
        text = self._text[span.start : span.end]
        kept = text.strip()
        start = span.start + len(text) - len(text.lstrip())
        return Span(start, start + len(kept), span.path)

    def _expression(self, node: cst.Expr) -> Stmt:
        return ExprStmt(self._span(node), self._expr.convert(node.value))

    def _assign(self, node: cst.Assign) -> Stmt:
        targets = tuple(self._expr.convert(target.target) for target in node.targets)
        return Assign(self._span(node), targets, self._expr.convert(node.value))

    def _annotated(self, node: cst.AnnAssign) -> Stmt:
        target = self._expr.convert(node.target)
        annotation = self._expr.convert(node.annotation.annotation)
        if node.value is None:
            return Declare(self._span(node), target, annotation)
        value = self._expr.convert(node.value)
        return Assign(self._span(node), (target,), value, annotation)

    def _augmented(self, node: cst.AugAssign) -> Stmt:
        op = _AUGMENTED.get(type(node.operator), "?")
        target, value = self._expr.convert(node.target), self._expr.convert(node.value)
        return AugAssign(self._span(node), target, op, value)

    def _delete(self, node: cst.Del) -> Stmt:
        target = self._expr.convert(node.target)
        targets = target.items if isinstance(target, SequenceExpr) else (target,)
        return Delete(self._span(node), targets)

    def _if(self, node: cst.If) -> Stmt:
        orelse: tuple[Stmt, ...] = ()
        if isinstance(node.orelse, cst.If):
            orelse = (self._if(node.orelse),)
        elif node.orelse is not None:
            orelse = self._block(node.orelse.body)
        test = self._expr.convert(node.test)
        return If(self._header(node, node.body), test, self._block(node.body), orelse)

    def _for(self, node: cst.For) -> Stmt:
        target, iterated = self._expr.convert(node.target), self._expr.convert(node.iter)
        header = self._header(node, node.body)
        return For(header, target, iterated, self._block(node.body), self._orelse(node))

    def _while(self, node: cst.While) -> Stmt:
        test = self._expr.convert(node.test)
        header = self._header(node, node.body)
        return While(header, test, self._block(node.body), self._orelse(node))

    def _orelse(self, node: cst.For | cst.While | cst.Try | cst.TryStar) -> tuple[Stmt, ...]:
        return () if node.orelse is None else self._block(node.orelse.body)

    def _with(self, node: cst.With) -> Stmt:
        items = tuple(
            WithItem(
                self._expr.convert(item.item),
                self._expr.optional(item.asname.name if item.asname else None),
            )
            for item in node.items
        )
        return With(self._header(node, node.body), items, self._block(node.body))

    def _try(self, node: cst.Try | cst.TryStar) -> Stmt:
        handlers = tuple(
            Handler(
                self._header(handler, handler.body),
                _bound(handler.name),
                self._block(handler.body),
            )
            for handler in node.handlers
        )
        final = () if node.finalbody is None else self._block(node.finalbody.body)
        return Try(
            self._header(node, node.body),
            self._block(node.body),
            handlers,
            self._orelse(node),
            final,
        )

    def _match(self, node: cst.Match) -> Stmt:
        cases = tuple(map(self._case, node.cases))
        subject = self._expr.convert(node.subject)
        return Match(self._expr_span(subject), subject, cases)

    def _expr_span(self, node: Expr) -> Span:
        return self._trimmed(node.span)

    def _case(self, node: cst.MatchCase) -> Case:
        pattern = node.pattern
        literal = self._expr.convert(pattern.value) if isinstance(pattern, cst.MatchValue) else None
        if isinstance(pattern, cst.MatchSingleton):
            literal = self._expr.convert(pattern.value)
        irrefutable = isinstance(pattern, cst.MatchAs) and pattern.pattern is None
        return Case(
            self._header(node, node.body),
            literal,
            irrefutable and node.guard is None,
            tuple(_captures(pattern)),
            self._expr.optional(node.guard),
            self._block(node.body),
        )

    def _function(self, node: cst.FunctionDef) -> Stmt:
        parameters = tuple(self._expr.parameters(node.params))
        return Function(
            self._header(node, node.body),
            node.name.value,
            parameters,
            tuple(self._expr.convert(d.decorator) for d in node.decorators),
            taken_apart(parameters, self._block(node.body)),
        )

    def _class(self, node: cst.ClassDef) -> Stmt:
        bases = tuple(self._expr.convert(base.value) for base in node.bases)
        return Class(
            self._header(node, node.body),
            node.name.value,
            bases,
            tuple(self._expr.convert(d.decorator) for d in node.decorators),
            self._block(node.body),
        )

    def _return(self, node: cst.Return) -> Stmt:
        return Return(self._span(node), self._expr.optional(node.value))

    def _raise(self, node: cst.Raise) -> Stmt:
        return Raise(self._span(node), self._expr.optional(node.exc))

    def _assert(self, node: cst.Assert) -> Stmt:
        return Assert(self._span(node), self._expr.convert(node.test))

    def _break(self, node: cst.Break) -> Stmt:
        return Break(self._span(node))

    def _continue(self, node: cst.Continue) -> Stmt:
        return Continue(self._span(node))

    def _import(self, node: cst.Import) -> Stmt:
        names: list[tuple[str, str]] = []
        for alias in node.names:
            dotted = _dotted(alias.name)
            bound = _bound(alias.asname)
            if bound is None:
                # `import a.b` binds `a`; the rest is reached by attributes.
                bound = dotted = dotted.split(".")[0]
            names.append((bound, dotted))
        return Import(self._span(node), tuple(names))

    def _import_from(self, node: cst.ImportFrom) -> Stmt:
        base = "." * len(node.relative) + ("" if node.module is None else _dotted(node.module))
        if isinstance(node.names, cst.ImportStar):
            return Import(self._span(node), (("*", f"{base}.*"),))
        names = []
        for alias in node.names:
            name = _dotted(alias.name)
            dotted = base + name if base.endswith(".") else f"{base}.{name}"
            names.append((_bound(alias.asname) or name, dotted))
        return Import(self._span(node), tuple(names))

    def _global(self, node: cst.Global | cst.Nonlocal) -> Stmt:
        return Global(self._span(node), tuple(item.name.value for item in node.names))


def _dotted(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def _bound(node: cst.AsName | None) -> str | None:
    return node.name.value if node is not None and isinstance(node.name, cst.Name) else None


def _captures(node: cst.CSTNode) -> Iterator[str]:
    if isinstance(node, (cst.MatchAs, cst.MatchStar)) and node.name is not None:
        yield node.name.value
    for child in node.children:
        yield from _captures(child)


_AUGMENTED = {
    cst.AddAssign: "+",
    cst.SubtractAssign: "-",
    cst.MultiplyAssign: "*",
    cst.DivideAssign: "/",
    cst.FloorDivideAssign: "//",
    cst.ModuloAssign: "%",
}
_CONVERTERS: dict[type[cst.CSTNode], Callable[[Statements, Any], Stmt]] = {
    cst.Expr: Statements._expression,
    cst.Assign: Statements._assign,
    cst.AnnAssign: Statements._annotated,
    cst.AugAssign: Statements._augmented,
    cst.Del: Statements._delete,
    cst.If: Statements._if,
    cst.For: Statements._for,
    cst.While: Statements._while,
    cst.With: Statements._with,
    cst.Try: Statements._try,
    cst.TryStar: Statements._try,
    cst.Match: Statements._match,
    cst.FunctionDef: Statements._function,
    cst.ClassDef: Statements._class,
    cst.Return: Statements._return,
    cst.Raise: Statements._raise,
    cst.Assert: Statements._assert,
    cst.Break: Statements._break,
    cst.Continue: Statements._continue,
    cst.Import: Statements._import,
    cst.ImportFrom: Statements._import_from,
    cst.Global: Statements._global,
    cst.Nonlocal: Statements._global,
}
