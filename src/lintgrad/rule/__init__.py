"""What a rule is, and what it may ask: the public surface for rule authors."""

from lintgrad.dataflow.conditions import Condition
from lintgrad.dataflow.typestate import Certainty
from lintgrad.dataflow.witness import Passed
from lintgrad.flow.evidence import Basis
from lintgrad.flow.graph import Optimizer
from lintgrad.flow.slip import Slip
from lintgrad.rule.declared import Rule, rule, unread_rule, unused_rule
from lintgrad.rule.finding import Category, Confidence, Finding, Related, Severity, Unread, Unused
from lintgrad.rule.flow import Acted, Flow, Hit, confidence_by
from lintgrad.rule.meeting import Met
from lintgrad.source.text import Span

__all__ = [
    "Acted",
    "Basis",
    "Category",
    "Certainty",
    "Condition",
    "Confidence",
    "Finding",
    "Flow",
    "Hit",
    "Met",
    "Optimizer",
    "Passed",
    "Related",
    "Rule",
    "Severity",
    "Slip",
    "Span",
    "Unread",
    "Unused",
    "confidence_by",
    "rule",
    "unread_rule",
    "unused_rule",
]
