"""The guard: a second process that takes our orders away when nobody tends them."""
