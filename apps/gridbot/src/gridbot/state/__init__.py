"""What an account's session knew when its process ended."""
