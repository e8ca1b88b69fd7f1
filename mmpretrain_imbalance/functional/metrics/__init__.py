"""Metrics over known labels: ranking, precision and recall, thresholds, calibration, bootstrap."""
