"""Annotation files of users: CSV tables and JSON, their errors and their writer."""
