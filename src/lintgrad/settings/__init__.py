"""What a project has settled: configuration files to frozen values."""
