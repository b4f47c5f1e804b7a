"""The rules of every installed pack, and the choice among them."""

import difflib
from collections.abc import Iterable, Sequence
from importlib.metadata import entry_points

from lintgrad.errors import LintgradError
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


def chosen(rules: Sequence[Rule], select: Iterable[str], ignore: Iterable[str]) -> tuple[Rule, ...]:
    """The selected rules (all of them if none is) but for the ignored ones.

    Rules are named by code, name or a prefix of codes. Raises LintgradError for a name that
    fits none.
    """
    wanted = {r.code for name in select for r in matching(rules, name)}
    unwanted = {r.code for name in ignore for r in matching(rules, name)}
    if not wanted:
        wanted = {r.code for r in rules}
    return tuple(r for r in rules if r.code in wanted - unwanted)


def matching(rules: Sequence[Rule], name: str) -> tuple[Rule, ...]:
    """The rules that a code, a name or a prefix of codes means, at least one.

    Raises LintgradError with the nearest valid name if there is none.
    """
    exact = tuple(r for r in rules if name in (r.name, r.code))
    found = exact or tuple(r for r in rules if name[:2] == "LG" and r.code.startswith(name))
    if found or name == "ALL":
        return found or tuple(rules)
    known = [known for r in rules for known in (r.code, r.name)]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    raise LintgradError(f"unknown rule `{name}`{hint}")
