"""What a rule is: its names, its documentation, and its check."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

from lintgrad.rule.finding import Category, Finding, Severity, Unread, Unused
from lintgrad.rule.flow import Flow

_PREFIX = re.compile(r"[A-Z]{2,}\d*")

FlowCheck = Callable[[Flow], Iterator[Finding]]
UnreadCheck = Callable[[Unread], Iterator[Finding]]
UnusedCheck = Callable[[Unused], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its names, its documentation, and its check of flows, files or comments."""

    code: str
    name: str
    category: Category
    severity: Severity
    docs: str
    check_flow: FlowCheck | None = None
    check_unread: UnreadCheck | None = None
    check_unused: UnusedCheck | None = None

    def __reduce__(self) -> tuple[Callable[[str, str], "Rule"], tuple[str, str]]:
        """Pickle by name: the check itself cannot be, since the rule has taken its name."""
        check = self.check_flow or self.check_unread or self.check_unused
        return _rule_at, (check.__module__, check.__name__) if check else ("", "")

    def answers_to(self, name: str) -> bool:
        """Whether a name means this rule: its code, its name, a prefix of its code, or ALL."""
        is_prefix = _PREFIX.fullmatch(name) is not None and self.code.startswith(name)
        return is_prefix or name in (self.code, self.name, "ALL")

    @property
    def summary(self) -> str:
        """The first line of the documentation, without its full stop."""
        return self.docs.strip().splitlines()[0].rstrip(".")


def _rule_at(module: str, name: str) -> Rule:
    found = getattr(import_module(module), name)
    if not isinstance(found, Rule):
        raise TypeError(name)
    return found


def rule(
    *, code: str, category: Category, severity: Severity, docs: str | None
) -> Callable[[FlowCheck], Rule]:
    """Make a check of flows a rule, named like the function."""
    return lambda check: Rule(
        code, _name_of(check), category, severity, docs or "", check_flow=check
    )


def unread_rule(
    *, code: str, category: Category, severity: Severity, docs: str | None
) -> Callable[[UnreadCheck], Rule]:
    """Make a check of unreadable files a rule, named like the function."""
    return lambda check: Rule(
        code, _name_of(check), category, severity, docs or "", check_unread=check
    )


def unused_rule(
    *, code: str, category: Category, severity: Severity, docs: str | None
) -> Callable[[UnusedCheck], Rule]:
    """Make a check of comments that silence nothing a rule, named like the function."""
    return lambda check: Rule(
        code, _name_of(check), category, severity, docs or "", check_unused=check
    )


def _name_of(check: Callable[..., object]) -> str:
    return check.__name__.replace("_", "-")
