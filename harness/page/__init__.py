"""What the daemon serves to its web page alone: one socket for everything that a browser follows,
and who looks at a run."""
