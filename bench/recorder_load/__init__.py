"""Ten minutes of a busy market into event-saver: every trade kept, how late, in how much memory."""
