"""Alerts, a daily digest and commands by Telegram; needs the extra of that name."""
