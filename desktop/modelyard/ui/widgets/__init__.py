"""The small set of building blocks every page is made of."""
