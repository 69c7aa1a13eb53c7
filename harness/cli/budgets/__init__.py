"""The commands of shared budgets and spending."""
