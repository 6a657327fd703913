"""Bybit's HTTP interface without a socket: a request in, a reply out."""
