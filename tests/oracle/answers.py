"""Which findings tell of which harm."""

from oracle.outcome import Harm, How, Line

TOLD_BY: dict[str, tuple[str, ...]] = {
    "LG101": ("LG101", "LG104", "LG403"),
    "LG102": ("LG102", "LG301", "LG403"),
    "LG103": ("LG103", "LG102", "LG403"),
    "LG104": ("LG104",),
    "LG201": ("LG201",),
    "LG202": ("LG202", "LG203", "LG602"),
    "LG203": ("LG203", "LG202"),
    "LG204": ("LG204", "LG205"),
    "LG207": ("LG207",),
    "LG301": ("LG301", "LG102", "LG103", "LG202", "LG207", "LG304", "LG307", "LG403"),
    "LG302": ("LG302", "LG102", "LG305", "LG307", "LG403"),
    "LG303": ("LG303", "LG308", "LG301", "LG302", "LG102", "LG305", "LG307", "LG403", "LG503"),
    "LG304": ("LG304",),
    "LG306": ("LG306",),
    "LG309": ("LG309", "LG101", "LG403", "LG503"),
    "LG501": ("LG501", "LG102", "LG301", "LG302", "LG305", "LG306", "LG403", "LG503"),
    "LG502": ("LG502", "LG503"),
    "LG503": ("LG503", "LG102", "LG301", "LG307", "LG403", "LG502"),
    "LG602": ("LG602",),
    "LG603": ("LG603",),
    "LG604": ("LG604", "LG601"),
    "LG701": ("LG701", "LG101"),
}
"""For each harm the rules that may tell of it: one harm is told once, where its cause is."""
_OF_A_CLOSURE = ("LG101", "LG301")
"""Harm that an optimizer with a closure does, and that the rule about closures tells of."""
ELSEWHERE = frozenset(
    "LG103 LG104 LG202 LG203 LG205 LG207 LG302 LG303 LG304 LG305 LG306 LG307 LG403 LG503".split()
)
"""Rules that point at a cause, which stands on another line than the harm."""
NEVER = frozenset({"LG103", "LG301", "LG302", "LG501"})
"""Harm that lies in what no round of a run ever does."""
_SEQUELS = frozenset({"LG303", "LG501"})
"""Harm that comes of other harm, wherever that is done."""
NO_RUN_SHOWS = frozenset("LG104 LG206 LG207 LG305 LG601 LG603 LG604 LG605 LG901 LG902".split())
"""Rules about what a run does not show, unless harm comes of it: a call that is not made, say."""


def answers(code: str, line: Line, harm: Harm) -> bool:
    """Whether a finding tells of a harm."""
    told_by = TOLD_BY.get(harm.code, ())
    if harm.how is How.CLOSURE or harm.code in _OF_A_CLOSURE:
        told_by = (*told_by, "LG304")
    elsewhere = code in ELSEWHERE or harm.code in _SEQUELS or harm.how is How.HAND
    return code in told_by and (line == harm.line or elsewhere)


def may_answer(code: str, harm: Harm) -> bool:
    """Whether a finding tells of a harm, if it stands on the wrong line."""
    return code in TOLD_BY.get(harm.code, ())
