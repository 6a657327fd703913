"""What the daemon tells the database; it reads none of it back."""
