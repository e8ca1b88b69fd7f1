"""Report of training runs: one page with tables and charts."""
