"""What calls which function of the user's for every batch, and leaves the gradients to it.

Each row was read in the library's source and, where it could be installed, counted by running it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Runs:
    """How a function is called, batch after batch: the parameter that tells the batches' number.

    `below` is the way from that parameter to the number, `first` the number of the first batch.
    Cleared are the places whose parameters the caller clears at some time between two batches.
    """

    counted_by: int | None = None
    below: str = ""
    first: int = 0
    cleared: tuple[str, ...] = ()


RUN_FOR_EVERY_BATCH = {
    # Calls that are given a function, its position, and how they run it.
    # ignite 0.5.5, ignite/engine/engine.py: `Engine(process_function)`; `_run_once_on_dataset`
    # counts up `state.iteration` before it calls the function.
    "ignite.engine.Engine": (0, Runs(0, ".state.iteration", 1)),
    "ignite.engine.engine.Engine": (0, Runs(0, ".state.iteration", 1)),
}

RUN_IN_EVERY_BACKWARD = frozenset(
    # Methods that are given a function, which runs when a backward has made a gradient.
    # torch 2.13, torch/_tensor.py
    {"register_post_accumulate_grad_hook"}
)

TRAINING_MODULES = frozenset(
    # Classes whose `training_step` their trainer calls for every batch (lightning 2.6).
    {
        "lightning.LightningModule",
        "lightning.pytorch.LightningModule",
        "pytorch_lightning.LightningModule",
    }
)

_NETS = tuple(
    f"skorch.{name}"
    for name in (
        "NeuralNet",
        "NeuralNetBinaryClassifier",
        "NeuralNetClassifier",
        "NeuralNetRegressor",
        "net.NeuralNet",
        "classifier.NeuralNetBinaryClassifier",
        "classifier.NeuralNetClassifier",
        "regressor.NeuralNetRegressor",
    )
)

_TRAINERS = ("transformers.Trainer", "transformers.trainer.Trainer")

METHODS_RUN_FOR_EVERY_BATCH = {
    # lightning 2.6, lightning/pytorch/loops/training_epoch_loop.py: `batch_idx` counts from 0 in
    # each epoch. Only where the module takes the optimization upon itself.
    **{(name, "training_step"): Runs(2) for name in TRAINING_MODULES},
    # skorch 1.4, skorch/net.py (`run_single_epoch`): nothing but `train_step` clears.
    **{(name, "train_step"): Runs() for name in _NETS},
    # mmengine 0.10, mmengine/runner/loops.py (`run_iter`): nothing but `train_step` clears.
    ("mmengine.model.BaseModel", "train_step"): Runs(),
    ("mmengine.model.base_model.BaseModel", "train_step"): Runs(),
    # transformers 5.23, transformers/trainer.py (`_run_epoch`): it clears the model after a step.
    **{
        (name, "training_step"): Runs(cleared=("model", "self.model", "self.model_wrapped"))
        for name in _TRAINERS
    },
}

METHODS_LEAVING_GRADIENTS = frozenset(
    # Methods that a class inherits, and that neither clear, step nor run backward.
    # skorch 1.4, skorch/net.py
    (name, method)
    for name in _NETS
    for method in ("_set_training", "infer", "get_loss", "check_is_fitted")
) | frozenset(
    # transformers 5.23, transformers/trainer.py
    (name, method)
    for name in _TRAINERS
    for method in ("_prepare_inputs", "_prepare_input", "compute_loss_context_manager", "log")
)
