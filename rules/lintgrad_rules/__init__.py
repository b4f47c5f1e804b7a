"""The rules that come with lintgrad."""

from lintgrad_rules.closure_misuse import closure_misuse
from lintgrad_rules.leaked_gradients import leaked_gradients
from lintgrad_rules.missing_zero_grad import missing_zero_grad
from lintgrad_rules.nonscalar_backward import nonscalar_backward
from lintgrad_rules.optimizer_of_old_parameters import optimizer_of_old_parameters
from lintgrad_rules.optimizer_recreated import optimizer_recreated
from lintgrad_rules.scheduler_before_optimizer import scheduler_before_optimizer
from lintgrad_rules.unreadable import unreadable
from lintgrad_rules.unused_ignore import unused_ignore
from lintgrad_rules.zero_grad_before_step import zero_grad_before_step

RULES = (
    closure_misuse,
    leaked_gradients,
    missing_zero_grad,
    nonscalar_backward,
    optimizer_of_old_parameters,
    optimizer_recreated,
    scheduler_before_optimizer,
    unreadable,
    unused_ignore,
    zero_grad_before_step,
)
