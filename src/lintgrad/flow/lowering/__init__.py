"""One function lowered to blocks of events."""
