"""libcst expressions to the small tree's expressions."""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import libcst as cst

from lintgrad.syntax.nodes import (
    Attr,
    Binary,
    BoolOp,
    Call,
    Clause,
    Compare,
    Comprehension,
    Const,
    Expr,
    IfExp,
    Item,
    Keyword,
    Lambda,
    Mapping,
    Name,
    Other,
    Parameter,
    Sequence,
    Slice,
    Starred,
    Unary,
    Walrus,
    Yield,
)
from lintgrad.syntax.positions import Positions

_BINARY = {
    cst.Add: "+",
    cst.Subtract: "-",
    cst.Multiply: "*",
    cst.Divide: "/",
    cst.FloorDivide: "//",
    cst.Modulo: "%",
    cst.Power: "**",
    cst.MatrixMultiply: "@",
    cst.BitAnd: "&",
    cst.BitOr: "|",
    cst.BitXor: "^",
    cst.LeftShift: "<<",
    cst.RightShift: ">>",
}
_UNARY = {cst.Not: "not", cst.Minus: "-", cst.Plus: "+", cst.BitInvert: "~"}
_COMPARE = {
    cst.Equal: "==",
    cst.NotEqual: "!=",
    cst.LessThan: "<",
    cst.LessThanEqual: "<=",
    cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=",
    cst.In: "in",
    cst.NotIn: "not in",
    cst.Is: "is",
    cst.IsNot: "is not",
}
_CONSTANTS = {"True": True, "False": False, "None": None}


class Expressions:
    """Converts expressions of one module."""

    def __init__(self, positions: Positions) -> None:
        self._span = positions.span

    def convert(self, node: cst.CSTNode) -> Expr:
        """The small tree's expression for a libcst one."""
        method = _CONVERTERS.get(type(node))
        if method is None:
            return self._other(node)
        return method(self, node)

    def optional(self, node: cst.CSTNode | None) -> Expr | None:
        """The expression, if there is one."""
        return None if node is None else self.convert(node)

    def _name(self, node: cst.Name) -> Expr:
        if node.value in _CONSTANTS:
            return Const(self._span(node), _CONSTANTS[node.value])
        return Name(self._span(node), node.value)

    def _literal(self, node: Any) -> Expr:
        try:
            value = ast.literal_eval(node.value)
        except (ValueError, SyntaxError, MemoryError):
            return Other(self._span(node), ())
        return Const(self._span(node), value)

    def _attribute(self, node: cst.Attribute) -> Expr:
        return Attr(self._span(node), self.convert(node.value), node.attr.value)

    def _subscript(self, node: cst.Subscript) -> Expr:
        indices = tuple(self._index(element.slice) for element in node.slice)
        plain = len(indices) == 1 and not isinstance(node.slice[0].comma, cst.Comma)
        index = indices[0] if plain else Sequence(self._span(node), "tuple", indices)
        return Item(self._span(node), self.convert(node.value), index)

    def _index(self, node: cst.BaseSlice) -> Expr:
        if isinstance(node, cst.Index):
            return self.convert(node.value)
        if isinstance(node, cst.Slice):
            bounds = map(self.optional, (node.lower, node.upper, node.step))
            return Slice(self._span(node), *bounds)
        return Other(self._span(node), ())

    def _call(self, node: cst.Call) -> Expr:
        args: list[Expr] = []
        keywords: list[Keyword] = []
        for arg in node.args:
            value = self.convert(arg.value)
            if arg.star == "**":
                keywords.append(Keyword(None, value))
            elif arg.keyword is not None:
                keywords.append(Keyword(arg.keyword.value, value))
            elif arg.star == "*":
                args.append(Starred(self._span(arg), value))
            else:
                args.append(value)
        return Call(self._span(node), self.convert(node.func), tuple(args), tuple(keywords))

    def _unary(self, node: cst.UnaryOperation) -> Expr:
        return Unary(self._span(node), _UNARY[type(node.operator)], self.convert(node.expression))

    def _binary(self, node: cst.BinaryOperation) -> Expr:
        op = _BINARY[type(node.operator)]
        return Binary(self._span(node), op, self.convert(node.left), self.convert(node.right))

    def _boolean(self, node: cst.BooleanOperation) -> Expr:
        op = "and" if isinstance(node.operator, cst.And) else "or"
        left, right = self.convert(node.left), self.convert(node.right)
        parts: tuple[Expr, ...] = (left, right)
        if isinstance(left, BoolOp) and left.op == op and not node.left.lpar:
            parts = (*left.parts, right)
        return BoolOp(self._span(node), op, parts)

    def _comparison(self, node: cst.Comparison) -> Expr:
        parts: list[Expr] = []
        left = self.convert(node.left)
        for target in node.comparisons:
            right = self.convert(target.comparator)
            op = _COMPARE[type(target.operator)]
            parts.append(Compare(self._span(node), op, left, right))
            left = right
        return parts[0] if len(parts) == 1 else BoolOp(self._span(node), "and", tuple(parts))

    def _conditional(self, node: cst.IfExp) -> Expr:
        test, body, orelse = map(self.convert, (node.test, node.body, node.orelse))
        return IfExp(self._span(node), test, body, orelse)

    def _sequence(self, node: cst.Tuple | cst.List | cst.Set) -> Expr:
        kind = type(node).__name__.lower()
        return Sequence(self._span(node), kind, tuple(map(self._element, node.elements)))

    def _element(self, node: cst.BaseElement) -> Expr:
        value = self.convert(node.value)
        return Starred(self._span(node), value) if isinstance(node, cst.StarredElement) else value

    def _dict(self, node: cst.Dict) -> Expr:
        items: list[tuple[Expr | None, Expr]] = []
        for element in node.elements:
            key = self.convert(element.key) if isinstance(element, cst.DictElement) else None
            items.append((key, self.convert(element.value)))
        return Mapping(self._span(node), tuple(items))

    def _comprehension(self, node: cst.BaseSimpleComp | cst.DictComp) -> Expr:
        kind = type(node).__name__
        element = node.value if isinstance(node, cst.DictComp) else node.elt
        return Comprehension(
            self._span(node), kind, self.convert(element), tuple(self._clauses(node.for_in))
        )

    def _clauses(self, node: cst.CompFor | None) -> Iterable[Clause]:
        while node is not None:
            tests = tuple(self.convert(test.test) for test in node.ifs)
            yield Clause(self.convert(node.target), self.convert(node.iter), tests)
            node = node.inner_for_in

    def _lambda(self, node: cst.Lambda) -> Expr:
        parameters = tuple(self.parameters(node.params))
        return Lambda(self._span(node), parameters, self.convert(node.body))

    def parameters(self, node: cst.Parameters) -> Iterator[Parameter]:
        """The parameters of a function or lambda, those that collect the rest last."""
        for param in (*node.posonly_params, *node.params):
            yield self._parameter(param, "")
        for param in node.kwonly_params:
            yield replace(self._parameter(param, ""), keyword_only=True)
        if isinstance(node.star_arg, cst.Param):
            yield self._parameter(node.star_arg, "*")
        if node.star_kwarg is not None:
            yield self._parameter(node.star_kwarg, "**")

    def _parameter(self, node: cst.Param, kind: str) -> Parameter:
        annotation = node.annotation.annotation if node.annotation else None
        return Parameter(
            node.name.value, self.optional(annotation), self.optional(node.default), kind
        )

    def _yield(self, node: cst.Yield) -> Expr:
        value = node.value.item if isinstance(node.value, cst.From) else node.value
        return Yield(self._span(node), self.optional(value))

    def _walrus(self, node: cst.NamedExpr) -> Expr:
        return Walrus(self._span(node), self.convert(node.target), self.convert(node.value))

    def _other(self, node: cst.CSTNode) -> Expr:
        parts = tuple(
            self.convert(child) for child in node.children if isinstance(child, _HOLDS_VALUES)
        )
        return Other(self._span(node), parts)


_HOLDS_VALUES = (
    cst.BaseExpression,
    cst.FormattedStringExpression,
    cst.From,
)
_CONVERTERS: dict[type[cst.CSTNode], Callable[[Expressions, Any], Expr]] = {
    cst.Name: Expressions._name,
    cst.Integer: Expressions._literal,
    cst.Float: Expressions._literal,
    cst.Imaginary: Expressions._literal,
    cst.SimpleString: Expressions._literal,
    cst.Attribute: Expressions._attribute,
    cst.Subscript: Expressions._subscript,
    cst.Call: Expressions._call,
    cst.UnaryOperation: Expressions._unary,
    cst.BinaryOperation: Expressions._binary,
    cst.BooleanOperation: Expressions._boolean,
    cst.Comparison: Expressions._comparison,
    cst.IfExp: Expressions._conditional,
    cst.Tuple: Expressions._sequence,
    cst.List: Expressions._sequence,
    cst.Set: Expressions._sequence,
    cst.Dict: Expressions._dict,
    cst.ListComp: Expressions._comprehension,
    cst.SetComp: Expressions._comprehension,
    cst.GeneratorExp: Expressions._comprehension,
    cst.DictComp: Expressions._comprehension,
    cst.Lambda: Expressions._lambda,
    cst.NamedExpr: Expressions._walrus,
    cst.Yield: Expressions._yield,
}
