"""What is known to be missing, and how it is fetched."""
