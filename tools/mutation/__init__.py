"""Shows that the session's tests bite: breaks the code on purpose and says what noticed."""
