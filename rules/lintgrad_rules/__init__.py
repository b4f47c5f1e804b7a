"""The rules that come with lintgrad."""

from lintgrad_rules.accumulation_cleared import accumulation_cleared
from lintgrad_rules.backward_never_stepped import backward_never_stepped
from lintgrad_rules.backward_not_called import backward_not_called
from lintgrad_rules.backward_twice import backward_twice
from lintgrad_rules.backward_without_graph import backward_without_graph
from lintgrad_rules.clear_has_no_effect import clear_has_no_effect
from lintgrad_rules.clip_before_unscale import clip_before_unscale
from lintgrad_rules.clip_misplaced import clip_misplaced
from lintgrad_rules.closure_misuse import closure_misuse
from lintgrad_rules.detached_loss import detached_loss
from lintgrad_rules.dropped_window import dropped_window
from lintgrad_rules.grad_assigned_non_tensor import grad_assigned_non_tensor
from lintgrad_rules.grad_of_nonleaf import grad_of_nonleaf
from lintgrad_rules.graph_spans_iterations import graph_spans_iterations
from lintgrad_rules.leaf_rebound import leaf_rebound
from lintgrad_rules.leaf_updated_in_graph import leaf_updated_in_graph
from lintgrad_rules.leaked_gradients import leaked_gradients
from lintgrad_rules.mean_of_means import mean_of_means
from lintgrad_rules.misaligned_window import misaligned_window
from lintgrad_rules.missing_zero_grad import missing_zero_grad
from lintgrad_rules.nonscalar_backward import nonscalar_backward
from lintgrad_rules.optimizer_of_old_parameters import optimizer_of_old_parameters
from lintgrad_rules.optimizer_recreated import optimizer_recreated
from lintgrad_rules.parameters_exhausted import parameters_exhausted
from lintgrad_rules.result_discarded import result_discarded
from lintgrad_rules.running_loss_keeps_graph import running_loss_keeps_graph
from lintgrad_rules.scaler_protocol import scaler_protocol
from lintgrad_rules.scheduler_before_optimizer import scheduler_before_optimizer
from lintgrad_rules.step_not_called import step_not_called
from lintgrad_rules.step_twice import step_twice
from lintgrad_rules.step_without_gradients import step_without_gradients
from lintgrad_rules.unreadable import unreadable
from lintgrad_rules.unscaled_accumulation import unscaled_accumulation
from lintgrad_rules.unused_ignore import unused_ignore
from lintgrad_rules.zero_grad_before_step import zero_grad_before_step

RULES = (
    accumulation_cleared,
    backward_never_stepped,
    backward_not_called,
    backward_twice,
    backward_without_graph,
    clear_has_no_effect,
    clip_before_unscale,
    clip_misplaced,
    closure_misuse,
    detached_loss,
    dropped_window,
    grad_assigned_non_tensor,
    grad_of_nonleaf,
    graph_spans_iterations,
    leaf_rebound,
    leaf_updated_in_graph,
    leaked_gradients,
    mean_of_means,
    misaligned_window,
    missing_zero_grad,
    nonscalar_backward,
    optimizer_of_old_parameters,
    optimizer_recreated,
    parameters_exhausted,
    result_discarded,
    running_loss_keeps_graph,
    scaler_protocol,
    scheduler_before_optimizer,
    step_not_called,
    step_twice,
    step_without_gradients,
    unreadable,
    unscaled_accumulation,
    unused_ignore,
    zero_grad_before_step,
)
