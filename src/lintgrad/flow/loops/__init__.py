"""Loops and tests: what they count, how far, and which question a test asks."""
