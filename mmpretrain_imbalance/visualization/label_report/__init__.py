"""Report of the labels of a dataset: one page with counts and charts."""
