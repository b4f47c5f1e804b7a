"""What can be wrong in the set-up: reported as one line, with exit status 2."""


class LintgradError(Exception):
    """The set-up is wrong; the text is the line to print."""
