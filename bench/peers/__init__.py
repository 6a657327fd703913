"""The comparison job in other programs; runs in its own environment and imports nothing of ours."""
