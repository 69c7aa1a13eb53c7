"""Subjects: services under care, how they are tested, deployed and observed."""
