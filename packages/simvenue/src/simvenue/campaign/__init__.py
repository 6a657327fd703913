"""The fault campaign: session and venue on virtual time, over a link that misbehaves by seed."""
