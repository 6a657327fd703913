"""The fill certificate: every fill is matched, of a named class, or unexplained."""
