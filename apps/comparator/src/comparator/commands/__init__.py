"""The commands of `comparator`, one module each; what they show is found out elsewhere."""
