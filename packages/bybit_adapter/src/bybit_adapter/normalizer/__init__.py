"""Bybit's rows and frames become the kernel's events; what does not fit is kept, never guessed."""
