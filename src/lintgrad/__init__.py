"""Finds PyTorch training loops whose gradients go wrong, and says which line undoes which."""

__version__ = "0.1.0"
