"""The journal: every event of an account and what it caused, on disk."""
