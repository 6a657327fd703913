"""Records the market and the account into the database, and fills its own gaps."""
