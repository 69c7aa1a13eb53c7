"""Who did what: a projection of what histories, seals and the tables of access record."""
