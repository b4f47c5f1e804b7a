"""The rules that come with lintgrad."""

from lintgrad_rules.backward_without_graph import backward_without_graph
from lintgrad_rules.detached_loss import detached_loss
from lintgrad_rules.missing_zero_grad import missing_zero_grad
from lintgrad_rules.nonscalar_backward import nonscalar_backward
from lintgrad_rules.unreadable import unreadable
from lintgrad_rules.unused_ignore import unused_ignore
from lintgrad_rules.zero_grad_before_step import zero_grad_before_step

RULES = (
    backward_without_graph,
    detached_loss,
    missing_zero_grad,
    nonscalar_backward,
    unreadable,
    unused_ignore,
    zero_grad_before_step,
)
