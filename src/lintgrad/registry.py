"""The rules of every installed pack, and the choice among them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points

from lintgrad.errors import LintgradError, nearest
from lintgrad.rule import Rule

GROUP = "lintgrad.rules"
"""The entry-point group through which rule packs arrive."""


def installed_rules() -> tuple[Rule, ...]:
    """All rules, sorted by code.

    Raises LintgradError if there are none, if a pack cannot be loaded or holds something else,
    or if two rules share a code or a name.
    """
    rules: list[Rule] = []
    for point in entry_points(group=GROUP):
        try:
            pack = point.load()
        except Exception as error:
            raise LintgradError(f"rule pack `{point.value}` cannot be loaded: {error}") from error
        for found in pack:
            if not isinstance(found, Rule):
                raise LintgradError(f"rule pack `{point.value}` holds {found!r}, which is no rule")
            rules.append(found)
    if not rules:
        raise LintgradError(
            "no rule packs are installed; install lintgrad, or in a checkout: pip install -e ."
        )
    _check_unique(rules)
    return tuple(sorted(rules, key=lambda r: r.code))


def _check_unique(rules: Sequence[Rule]) -> None:
    seen: dict[str, Rule] = {}
    for one in rules:
        for name in (one.code, one.name):
            if name in seen:
                raise LintgradError(f"two rules are called `{name}`")
            seen[name] = one


@dataclass(frozen=True, slots=True)
class Selection:
    """The codes of the rules that are to run, and of those that are asked for by name."""

    codes: frozenset[str]
    named: frozenset[str]
    """Those that are named in full, so that they are wanted even if they depend on intent."""


def selection(
    rules: Sequence[Rule], select: Iterable[str], extend: Iterable[str], ignore: Iterable[str]
) -> Selection:
    """The selected rules (all of them if none is), more of them, and without the ignored ones.

    Rules are named by code, name or a prefix of codes. Raises LintgradError for a name that
    fits none.
    """
    selected, more = tuple(select), tuple(extend)
    wanted = codes_of(rules, (*(selected or ("ALL",)), *more))
    codes = wanted - codes_of(rules, ignore)
    names = {*selected, *more}
    named = {rule.code for rule in rules if {rule.code, rule.name} & names}
    return Selection(codes, frozenset(named) & codes)


def codes_of(rules: Sequence[Rule], names: Iterable[str]) -> frozenset[str]:
    """The codes of the rules that are named. Raises LintgradError for a name that fits none."""
    return frozenset(rule.code for name in names for rule in matching(rules, name))


def matching(rules: Sequence[Rule], name: str) -> tuple[Rule, ...]:
    """The rules that a code, a name or a prefix of codes means, at least one.

    Raises LintgradError with the nearest valid name if there is none.
    """
    found = tuple(r for r in rules if r.answers_to(name))
    if found:
        return found
    known = [known for r in rules for known in (r.code, r.name)]
    raise LintgradError(f"unknown rule `{name}`{nearest(name, known)}")
