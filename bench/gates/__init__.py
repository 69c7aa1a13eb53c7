"""How gates fare against judges that others wrote, and against attacks on their own rules."""
