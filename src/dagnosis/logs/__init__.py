"""Part 1: the text of a log -> a diagnosis."""
