"""Every guess from a name alone, in one place.

A guess only ever decides what a thing probably is when nothing in the file says it; what rests on
one is reported with lower confidence, or makes the analysis say "unknown".
"""

import re
from collections.abc import Iterator

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_NOT_OPTIMIZER = frozenset(
    # What else has a `step` method in training code (2,190 of 5,526 `.step(` calls in the census).
    "sched scheduler schedulers lr env envs environment prof profiler scaler warmup timer "
    "bar pbar progress monitor ema meter logger gym sim game agent simulator stepper "
    "annealer temperature beta noise".split()
)
_OPTIMIZER = frozenset("opt optim optimizer optimizers optimiser optims solver adam sgd".split())
_SCHEDULER = frozenset("sched scheduler schedulers".split())
_MODEL = frozenset("model net network module encoder decoder critic actor policy".split())

_LOSS = frozenset("loss losses criterion crit mse bce ce".split())
_PROGRESS = frozenset("tqdm track progress progressbar bar pbar log every prefetch alive".split())

_TOUCHES_GRADIENTS = frozenset(
    "grad grads gradient gradients zero step steps backward optim optimize optimise "
    "optimizer update updates train training reset clear fit learn iteration "
    "hook hooks callback callbacks cb before begin start pre post emit fire flush wipe clean "
    "prepare setup build init configure".split()
)
_TELLS_OTHERS = frozenset(
    "hook hooks callback callbacks cb emit fire dispatch notify before after".split()
)
_ANY_FUNCTION = frozenset(
    "fn func function action handler listener observer event plugin extension task job run go "
    "enter exit on each then call thing operation op command work worker watcher".split()
)
_GRADIENTS = frozenset("grad grads gradient gradients".split())
_CHANGES = frozenset("zero zeros reset clear apply step set".split())
_READS_GRADIENTS = frozenset(
    # `no_grad`, `requires_grad_`, `clip_grad_norm_`, `gradient_checkpointing_enable`,
    # `set_grad_enabled`, `save_for_backward`, `update_ema` and their like.
    "no requires require enable enabled checkpointing clip norm penalty save ema average "
    "averaged metric metrics meter acc accuracy bn target targets dataloader "
    "dataloaders".split()
)
_COUNTS = frozenset({"num", "nb", "number", "count", "n"})
_MAKES = frozenset("get make create build configure init prepare load save".split())
_MADE = frozenset(
    "weights weight optimizer optimizers dataloader dataloaders loader loaders dataset datasets "
    "scheduler schedulers parameters params model models inputs batch latents data".split()
)
_PUTS_BACK = frozenset("set restore revert rollback".split())
_WEIGHTS = frozenset("weights params parameters".split())
_LEAVES_OPTIMIZER_ALONE = frozenset(
    "lr lrs rate rates sched schedule scheduler warmup save checkpoint checkpointer ckpt log "
    "logger logging print summary report param params count dump decay record evaluate validate "
    "eval test".split()
)
_TRIES = frozenset(
    "test tests bench benchmark benchmarks profile profiling timing time measure speed latency "
    "throughput flops warmup compile trace smoke check demo".split()
)

SCALING_WORDS = frozenset("scaler unscale amp".split())
"""Words in the names of what multiplies losses, or divides gradients again."""

_CLEARING = re.compile(r"zero_grad|\.grad\b|clear|reset", re.IGNORECASE)
_ENTERED_BY_NAME = re.compile(r"test|main$|setup|setUp|__")


def words(name: str) -> list[str]:
    """The lower-case words of a dotted, snake or camel case name."""
    return [word.lower() for word in _WORDS.findall(name)]


def names_progress(function: str) -> bool:
    """Whether a function is named like one that shows how far a loop over its argument is."""
    return not _PROGRESS.isdisjoint(words(function))


def not_an_optimizer(place: str) -> bool:
    """Whether a place that is stepped is named like a scheduler, environment, profiler..."""
    found = words(place)
    return not _NOT_OPTIMIZER.isdisjoint(found) and _OPTIMIZER.isdisjoint(found[-1:])


def named_like_optimizer(place: str) -> bool:
    """Whether a place is named like an optimizer."""
    return not _OPTIMIZER.isdisjoint(words(place)) and not not_an_optimizer(place)


def named_like_scheduler(place: str) -> bool:
    """Whether a place is named like a scheduler of learning rates."""
    return not _SCHEDULER.isdisjoint(words(place)[-1:])


def named_like_scaler(place: str) -> bool:
    """Whether a place is named like what multiplies losses."""
    return "scaler" in words(place)


def names_clipping(function: str) -> bool:
    """Whether a function is named as if it clips."""
    return "clip" in words(function)


def names_scale(name: str) -> bool:
    """Whether something is named like a factor of losses."""
    return "scale" in words(name)


def tries_out(function: str) -> bool:
    """Whether a function is named as if it only tries or measures something, or shows it."""
    return not _TRIES.isdisjoint(words(function))


def attribute_behind(place: str) -> str | None:
    """The attribute that a property is conventionally named after: `self._opt` for `self.opt`."""
    name = place.removeprefix("self.")
    return f"self._{name}" if name != place and name.isidentifier() and name[0] != "_" else None


def named_like_loss_or_model(place: str) -> bool:
    """Whether something that is called is named like a loss function or a module."""
    return named_like_model(place) or not _LOSS.isdisjoint(words(place))


def named_like_model(place: str) -> bool:
    """Whether a place is named like a module."""
    return not _MODEL.isdisjoint(words(place)[-1:])


def named_like_loss(function: str) -> bool:
    """Whether a function is named as if it computes a loss."""
    found = words(function.rsplit(".", 1)[-1])
    return not _LOSS.isdisjoint(found) and SCALING_WORDS.isdisjoint(found)


def may_touch_gradients(function: str) -> bool:
    """Whether a function that cannot be seen is named as if it clears, steps or runs backward."""
    found, last = _verbs(words(function)), words(function.rsplit(".", 1)[-1])
    if last and (last[-1] in ("class", "cls") or (last[0] in _MAKES and last[-1] in _MADE)):
        return False
    if found & _PUTS_BACK and found & _WEIGHTS:
        return True  # the step before is undone: what its gradients are for is no matter of names
    return bool(found & _TOUCHES_GRADIENTS) and not found & _READS_GRADIENTS


def _verbs(named: list[str]) -> set[str]:
    """Words without those that only count or rank: a number of updates, the rank zero."""
    return {
        word
        for before, word in zip(["", *named], named, strict=False)
        if not (before in _COUNTS or (before == "rank" and word == "zero"))
    }


def says_nothing(function: str) -> bool:
    """Whether the name of a function that was handed in could be that of any function."""
    return (len(function) == 1 and function.islower()) or not _ANY_FUNCTION.isdisjoint(
        words(function)
    )


def tells_others(function: str) -> bool:
    """Whether a function is named as if it runs what others have registered, whatever that is."""
    return not _TELLS_OTHERS.isdisjoint(words(function))


def sets_parameters(function: str) -> bool:
    """Whether a function is named as if it gives a module other parameters."""
    found = set(words(function.rsplit(".", 1)[-1]))
    verbs, nouns = {"set", "load", "restore", "revert"}, {"params", "parameters", "weights"}
    return bool(found & verbs and found & nouns) or function.endswith(".load_state_dict")


def named_like_copy(place: str) -> bool:
    """Whether a module is named as if it follows another one, and is not trained itself."""
    return not {"target", "ema", "teacher", "best", "old", "averaged"}.isdisjoint(words(place))


def begins_like_class(place: str) -> bool:
    """Whether the last part of a place begins as the names of classes do, `SGD` among them."""
    return place.rsplit(".", 1)[-1][:1].isupper()


def names_optimizer(class_name: str) -> bool:
    """Whether a class says that its objects are optimizers."""
    return "ptimizer" in class_name


def named_like_class(name: str) -> bool:
    """Whether a name is written as those of classes are."""
    return name[:1].isupper() and not name.isupper()


def changes_gradients(function: str) -> bool:
    """Whether a function is named as if it does nothing but clear, apply or add gradients."""
    found = set(words(function))
    if found & _READS_GRADIENTS:
        return False
    return "backward" in found or bool(found & _GRADIENTS and found & _CHANGES)


def leaves_optimizer_alone(function: str) -> bool:
    """Whether a function that is handed an optimizer is named as if it only reads or schedules."""
    found = set(words(function))
    changes = {"step", "zero", "grad", "backward", "train", "update"}
    return bool(found & _LEAVES_OPTIMIZER_ALONE) and not found & changes


def entered_by_name(function: str) -> bool:
    """Whether a function that nobody calls is named like one that a runner calls, once."""
    return _ENTERED_BY_NAME.match(function) is not None


def mentions_of_clearing(text: str) -> Iterator[int]:
    """The offsets at which a text names something that may clear gradients."""
    return (match.start() for match in _CLEARING.finditer(text))
