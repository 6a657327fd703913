"""The kernel: events in, intents and effects out. Standard library only, no clock, no files."""
