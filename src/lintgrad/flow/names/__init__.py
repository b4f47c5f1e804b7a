"""Names: what is bound where, what a name refers to, and what its spelling lets one guess."""
