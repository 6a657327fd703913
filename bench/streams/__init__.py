"""Evidence of the stream client against the simulated exchange, with plain pybit beside it."""
