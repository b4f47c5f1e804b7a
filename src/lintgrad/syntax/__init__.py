"""Python text to a small typed tree, and the tables of the names that matter; libcst ends here."""
