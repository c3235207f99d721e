"""The manual; two of its pages are assembled from the code."""
