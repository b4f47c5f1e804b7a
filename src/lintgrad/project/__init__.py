"""A project's files, each checked by the settings that hold for it."""
