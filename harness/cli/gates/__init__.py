"""The commands of gates."""
