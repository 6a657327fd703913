"""A whole mission on this machine: exchange, recorder and bot as processes, then the judgement."""
