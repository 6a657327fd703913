"""Shadow mode: the same kernel against a simulated venue that the live market feeds."""
