"""Whether everything that a run needs is well: each question apart, each with its remedy."""
