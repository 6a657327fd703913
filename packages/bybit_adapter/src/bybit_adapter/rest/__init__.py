"""Requests to Bybit's V5 REST interface, group by group, and what can come of them."""
