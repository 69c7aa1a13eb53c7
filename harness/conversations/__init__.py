"""Conversations: durable inboxes whose messages are answered by runs, and a list of them."""
