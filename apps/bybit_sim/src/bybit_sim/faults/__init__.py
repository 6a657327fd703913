"""What can go wrong on the wire, when, and how often."""
