"""Secrets at rest: master keys and envelopes. It knows no table."""
