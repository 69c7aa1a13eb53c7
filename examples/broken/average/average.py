def average(values: list[float]) -> float:
    """The mean of the values; 0 if there are none."""
    return sum(values) / len(values)
