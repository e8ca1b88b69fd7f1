"""Readers and writer of the CSV and JSON annotation files of this package, with their errors."""
