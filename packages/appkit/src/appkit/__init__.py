"""What every command line of this project shares; it knows no strategy, no tape and no venue."""
