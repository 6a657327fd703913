"""The whole daemon against the simulator: an hour of trading, and chaos."""
