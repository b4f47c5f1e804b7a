"""What is known to be missed, and the words by which the documentation of the rules says so."""

_ONE_YIELD = "right before and after its one `yield`"
_LEFT_OUT = "because a condition, or an exception, left the backward out"
_ROUND_BEFORE = "leaves as it was in the round before"
_EVERY_PATH = "Only what happens on every path"
_ONE_FUNCTION = "inside of one function"
_EVERY_OPTIMIZER = "fill what every optimizer holds"
_EITHER = "whether it is the backward or the step that runs"
_OF_ANOTHER = "the backward of another optimizer's loss"
_BOTH_LOSSES = "Reported only where both losses are understood"
KNOWN_LIMITS = {
    ("LG101", "told at low confidence"): "several conditions that only together",
    ("LG101", "by hand"): "updated without any optimizer",
    ("LG101", "in a context manager"): _ONE_YIELD,
    ("LG101", "in a generator"): _ONE_YIELD,
    ("LG101", "held"): "picks out of a container",
    ("LG101", "two loops"): "built later on the same parameters",
    ("LG101", "parameters kept"): "a used-up generator of another function",
    ("LG102", "told at low confidence"): "the confidence is low",
    ("LG102", "by foreign"): "which loss feeds which optimizer",
    ("LG102", "in a context manager"): _ONE_YIELD,
    ("LG102", "in a generator"): _ONE_YIELD,
    ("LG102", "held"): "picks out of a container",
    ("LG103", "pieces of a batch"): "a loop over the micro-batches stands inside another one",
    ("LG103", "guarded"): "depends on something that cannot be counted",
    ("LG103", "adversarial"): "Where another optimizer applies the same gradients in between",
    ("LG201", "told at low confidence"): "may turn out to be 1",
    ("LG201", "in a "): "as far as they are bound once",
    ("LG201", "in another file"): "as far as they are bound once",
    ("LG201", "expression"): "known for the common ones alone",
    ("LG201", "reduction"): "the data have that a loop draws from somewhere else",
    ("LG203", "gradients by hand"): "handed to `torch.autograd.grad`",
    ("LG204", "by changed"): "an optimizer in sight holds",
    ("LG204", "told at low confidence"): "the confidence is low",
    ("LG204", "in a"): _ONE_FUNCTION,
    ("LG204", "guarded"): _ROUND_BEFORE,
    ("LG204", "error caught"): _ROUND_BEFORE,
    ("LG204", "rounds skipped"): _ROUND_BEFORE,
    ("LG301", "a loss each"): _OF_ANOTHER,
    ("LG301", "adversarial"): _OF_ANOTHER,
    ("LG301", "alternating"): _OF_ANOTHER,
    ("LG301", "guarded"): _EITHER,
    ("LG301", "error caught"): _EITHER,
    ("LG301", "rounds skipped"): _EITHER,
    ("LG301", "gradients by hand"): "asked for (`torch.autograd.grad`) and never written",
    ("LG301", "held"): "that a loop takes out of a container",
    ("LG301", "alias"): "that have two names in a closure",
    ("LG301", "pieces of a batch"): "A forward pass in an inner loop",
    ("LG302", "layout: class"): "an attribute of the object that a method works on",
    ("LG302", "layout: function"): "a parameter, an attribute",
    ("LG302", "scaled"): "an update without a step is `scaler-protocol`",
    ("LG302", "clear dropped"): "cleared in the loop of the backward",
    ("LG302", "clear out of the loop"): "cleared in the loop of the backward",
    ("LG302", "guarded"): "a step which no round reaches",
    ("LG302", "error caught"): "a step which no round reaches",
    ("LG302", "rounds skipped"): "a step which no round reaches",
    ("LG303", "by warned"): "only where the wrong order is certain",
    ("LG309", "told at low confidence"): _LEFT_OUT,
    ("LG309", "guarded"): _LEFT_OUT,
    ("LG309", "rounds skipped"): _LEFT_OUT,
    ("LG309", "error caught"): _LEFT_OUT,
    ("LG309", "gradients by hand"): "of gradients that were written by hand",
    ("LG309", "by closure"): "Steps with a closure run their own backward",
    ("LG501", "a loss each"): _EVERY_OPTIMIZER,
    ("LG501", "adversarial"): _EVERY_OPTIMIZER,
    ("LG501", "alternating"): _EVERY_OPTIMIZER,
    ("LG501", "guarded"): "reached with gradients in some other iteration",
    ("LG501", "rounds skipped"): "reached with gradients in some other iteration",
    ("LG503", "guarded"): _EVERY_PATH,
    ("LG503", "error caught"): _EVERY_PATH,
    ("LG503", "rounds skipped"): _EVERY_PATH,
    ("LG503", "in a"): "in several functions are not always put together",
    ("LG701", "told at low confidence"): "are reported with low confidence",
    ("LG701", "adversarial"): _BOTH_LOSSES,
    ("LG701", "a loss each"): _BOTH_LOSSES,
    ("LG701", "alternating"): _BOTH_LOSSES,
    ("LG701", "one loss for all"): "what is reported is a turn of an optimizer alone",
}
"""Kinds of missed alarms, with the words by which the rule's "known limits" name them."""


def limit_of(code: str, kind: str) -> str | None:
    """The words of a rule's documentation that name a kind of missed alarm, None if none do."""
    return next((words for (c, k), words in KNOWN_LIMITS.items() if c == code and k in kind), None)
