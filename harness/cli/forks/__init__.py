"""Commands that continue a run from an earlier turn, for real or as a what-if."""
