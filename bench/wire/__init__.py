"""Measurements over real sockets on loopback: bybit_sim in its own process, the adapter here."""
