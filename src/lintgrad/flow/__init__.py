"""Functions lowered to graphs of events."""
