import re


def slug(title: str) -> str:
    """A title as it stands in an address: lower case, words joined by single dashes."""
    return re.sub(r"[^a-z0-9]", "-", title.lower())
