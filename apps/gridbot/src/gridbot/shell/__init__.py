"""The shell of one account's session: clock, inbox, loop, streams, requests."""
