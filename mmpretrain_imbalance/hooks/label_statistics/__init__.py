"""Parts of :class:`LabelStatisticsHook`."""
