"""The rules that come with lintgrad."""

from lintgrad_rules.accumulation_cleared import accumulation_cleared
from lintgrad_rules.missing_zero_grad import missing_zero_grad
from lintgrad_rules.nonscalar_backward import nonscalar_backward
from lintgrad_rules.unreadable import unreadable
from lintgrad_rules.unused_ignore import unused_ignore
from lintgrad_rules.zero_grad_before_step import zero_grad_before_step

RULES = (
    accumulation_cleared,
    missing_zero_grad,
    nonscalar_backward,
    unreadable,
    unused_ignore,
    zero_grad_before_step,
)
