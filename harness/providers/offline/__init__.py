"""offline/demo: a rule-based model that needs no key."""
