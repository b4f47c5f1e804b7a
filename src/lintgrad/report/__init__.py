"""Diagnostics to output, one function a format."""
