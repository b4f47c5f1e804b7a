"""Composing training programs, right and wrong ones, that run under real torch."""
