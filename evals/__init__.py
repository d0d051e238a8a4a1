"""Evaluations of the bot: retrieval, abstention, the check, chat models, speed; one command each, with baselines. Not imported by `bot`."""
