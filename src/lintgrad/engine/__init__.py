"""Files and rules to diagnostics."""
