"""The rules that come with lintgrad."""

from lintgrad_rules.accumulation_cleared import accumulation_cleared
from lintgrad_rules.backward_never_stepped import backward_never_stepped
from lintgrad_rules.clip_before_unscale import clip_before_unscale
from lintgrad_rules.clip_misplaced import clip_misplaced
from lintgrad_rules.closure_misuse import closure_misuse
from lintgrad_rules.dropped_window import dropped_window
from lintgrad_rules.leaked_gradients import leaked_gradients
from lintgrad_rules.mean_of_means import mean_of_means
from lintgrad_rules.misaligned_window import misaligned_window
from lintgrad_rules.missing_zero_grad import missing_zero_grad
from lintgrad_rules.nonscalar_backward import nonscalar_backward
from lintgrad_rules.optimizer_of_old_parameters import optimizer_of_old_parameters
from lintgrad_rules.optimizer_recreated import optimizer_recreated
from lintgrad_rules.scaler_protocol import scaler_protocol
from lintgrad_rules.scheduler_before_optimizer import scheduler_before_optimizer
from lintgrad_rules.step_twice import step_twice
from lintgrad_rules.step_without_gradients import step_without_gradients
from lintgrad_rules.unreadable import unreadable
from lintgrad_rules.unscaled_accumulation import unscaled_accumulation
from lintgrad_rules.unused_ignore import unused_ignore
from lintgrad_rules.zero_grad_before_step import zero_grad_before_step

RULES = (
    accumulation_cleared,
    backward_never_stepped,
    clip_before_unscale,
    clip_misplaced,
    closure_misuse,
    dropped_window,
    leaked_gradients,
    mean_of_means,
    misaligned_window,
    missing_zero_grad,
    nonscalar_backward,
    optimizer_of_old_parameters,
    optimizer_recreated,
    scaler_protocol,
    scheduler_before_optimizer,
    step_twice,
    step_without_gradients,
    unreadable,
    unscaled_accumulation,
    unused_ignore,
    zero_grad_before_step,
)
