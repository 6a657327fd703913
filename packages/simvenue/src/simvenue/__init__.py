"""A simulated exchange on virtual time: hedge-mode USDT perpetuals, many symbols, one wallet."""
