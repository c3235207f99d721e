"""How results are shown: one renderer a surface, numbers in words, charts drawn."""
