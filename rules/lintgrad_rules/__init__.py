"""The rules that come with lintgrad."""

from lintgrad_rules.accumulation_cleared import accumulation_cleared
from lintgrad_rules.dropped_window import dropped_window
from lintgrad_rules.mean_of_means import mean_of_means
from lintgrad_rules.misaligned_window import misaligned_window
from lintgrad_rules.missing_zero_grad import missing_zero_grad
from lintgrad_rules.nonscalar_backward import nonscalar_backward
from lintgrad_rules.unreadable import unreadable
from lintgrad_rules.unscaled_accumulation import unscaled_accumulation
from lintgrad_rules.unused_ignore import unused_ignore
from lintgrad_rules.zero_grad_before_step import zero_grad_before_step

RULES = (
    accumulation_cleared,
    dropped_window,
    mean_of_means,
    misaligned_window,
    missing_zero_grad,
    nonscalar_backward,
    unreadable,
    unscaled_accumulation,
    unused_ignore,
    zero_grad_before_step,
)
