"""Scripts for developing this tree. No package imports them."""
