"""Measurements: what the bot finds, refuses and costs, each by one command, the baselines beside it. Nothing in `bot` imports this."""
