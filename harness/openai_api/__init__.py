"""OpenAI's protocols over the functions of runs, so that OpenAI's clients use agents as models."""
