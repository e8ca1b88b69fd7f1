"""Training, validation and test of runs, and their parallel execution."""
