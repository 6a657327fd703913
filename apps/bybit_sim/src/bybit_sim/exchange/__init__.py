"""The accounts behind the wire: orders, positions and wallets on simulated venues."""
