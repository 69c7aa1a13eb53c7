"""Model providers: one package per wire protocol, and the plan that chooses among them."""
