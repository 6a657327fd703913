"""One writer per account and symbol, on this machine and across machines."""
