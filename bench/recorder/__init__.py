"""The recorder against the simulator's own account of what happened: row for row, with troubles."""
