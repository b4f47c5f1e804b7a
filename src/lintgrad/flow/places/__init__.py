"""Places: which of them hold optimizers, modules and tensors, and on what evidence."""
