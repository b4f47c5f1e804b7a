"""Executable truth: what real torch does with a program, beside what lintgrad says of it."""
