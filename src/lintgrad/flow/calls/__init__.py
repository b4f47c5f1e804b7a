"""Calls: which of them is which event, and to whom it happens."""
