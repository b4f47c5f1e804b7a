"""What a rule is, and what it may ask: the public surface for rule authors."""

from lintgrad.dataflow.conditions import Condition
from lintgrad.dataflow.typestate import Certainty
from lintgrad.dataflow.witness import Passed
from lintgrad.flow.events.evidence import Basis
from lintgrad.flow.events.slip import Slip
from lintgrad.flow.names.place_parts import is_within
from lintgrad.flow.places.optimizer import Optimizer
from lintgrad.rule.accumulation import Accumulation, Rest, Spoilt, Windows
from lintgrad.rule.declared import Rule, rule, unread_rule, unused_rule
from lintgrad.rule.finding import (
    Category,
    Confidence,
    Finding,
    Related,
    Severity,
    Unread,
    Unused,
    confidence_by,
)
from lintgrad.rule.flow import Flow
from lintgrad.rule.gates import Gate, Opens
from lintgrad.rule.hit import Acted, Hit
from lintgrad.rule.meeting import Met
from lintgrad.rule.trails import events_on, last_on
from lintgrad.source.text import Span
from lintgrad.typestates.scales import same_number

__all__ = [
    "Accumulation",
    "Acted",
    "Basis",
    "Category",
    "Certainty",
    "Condition",
    "Confidence",
    "Finding",
    "Flow",
    "Gate",
    "Hit",
    "Met",
    "Opens",
    "Optimizer",
    "Passed",
    "Related",
    "Rest",
    "Rule",
    "Severity",
    "Slip",
    "Span",
    "Spoilt",
    "Unread",
    "Unused",
    "Windows",
    "confidence_by",
    "events_on",
    "is_within",
    "last_on",
    "rule",
    "same_number",
    "unread_rule",
    "unused_rule",
]
