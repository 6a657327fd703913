"""The log: structured events, to stderr and a file, without secrets."""
