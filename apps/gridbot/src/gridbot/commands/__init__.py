"""The commands of `gridbot`, one module each; what they show is found out elsewhere."""
