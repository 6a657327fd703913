"""What was received, as records of the database: the whole message and the columns read from it."""
