"""A simulated exchange behind Bybit's V5 protocol: HTTP and WebSocket on loopback."""
