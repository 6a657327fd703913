"""The public market: rows of a tape or a seeded market, and what Bybit publishes of them."""
