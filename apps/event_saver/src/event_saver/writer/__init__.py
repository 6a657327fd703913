"""From what was received to what is committed: queues, batches, and the thread that writes."""
