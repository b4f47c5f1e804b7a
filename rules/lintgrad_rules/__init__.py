"""The rules that come with lintgrad."""

from lintgrad_rules.backward_not_called import backward_not_called
from lintgrad_rules.backward_twice import backward_twice
from lintgrad_rules.clear_has_no_effect import clear_has_no_effect
from lintgrad_rules.grad_assigned_non_tensor import grad_assigned_non_tensor
from lintgrad_rules.grad_of_nonleaf import grad_of_nonleaf
from lintgrad_rules.graph_spans_iterations import graph_spans_iterations
from lintgrad_rules.leaf_rebound import leaf_rebound
from lintgrad_rules.leaf_updated_in_graph import leaf_updated_in_graph
from lintgrad_rules.missing_zero_grad import missing_zero_grad
from lintgrad_rules.nonscalar_backward import nonscalar_backward
from lintgrad_rules.parameters_exhausted import parameters_exhausted
from lintgrad_rules.result_discarded import result_discarded
from lintgrad_rules.running_loss_keeps_graph import running_loss_keeps_graph
from lintgrad_rules.step_not_called import step_not_called
from lintgrad_rules.unreadable import unreadable
from lintgrad_rules.unused_ignore import unused_ignore
from lintgrad_rules.zero_grad_before_step import zero_grad_before_step

RULES = (
    backward_not_called,
    backward_twice,
    clear_has_no_effect,
    grad_assigned_non_tensor,
    grad_of_nonleaf,
    graph_spans_iterations,
    leaf_rebound,
    leaf_updated_in_graph,
    missing_zero_grad,
    nonscalar_backward,
    parameters_exhausted,
    result_discarded,
    running_loss_keeps_graph,
    step_not_called,
    unreadable,
    unused_ignore,
    zero_grad_before_step,
)
