"""A conversation at a terminal: a screen that stays usable while an answer runs, Markdown as it
streams, cards of tool calls, commands."""
