"""Results of a comparison: scores of the runs, statistics, tables and files."""
