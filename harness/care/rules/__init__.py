"""care/rules: a model without a key that works on tickets by rules."""
