"""The network: HTTP and WebSocket server, connections, subscriptions."""
