"""A daemon on another machine, as the commands use it: the operations of a stack over HTTP.

What a daemon answers is not trusted: it is bounded in size, depth and time before it is parsed, and
the token is sent to no other address.
"""
