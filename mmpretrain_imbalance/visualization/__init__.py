"""Plots and HTML reports of labels, logs and predictions."""

from .class_plots import plot_class_frequencies, plot_class_scores, plot_ideal_ratios
from .known_label_picture import known_label_picture, known_label_sheet
from .label_grid import draw_label_grid
from .label_report.label_summary import LabelSummary, summarize_labels
from .label_report.page import label_report_page
from .run_report.page import run_report_page
from .run_report.report_run import ReportRun
from .run_report.run_facts import RunFacts
from .run_report.training_log import TrainingLog
from .statistics_history import read_statistics_history

__all__ = [
    "LabelSummary",
    "ReportRun",
    "RunFacts",
    "TrainingLog",
    "draw_label_grid",
    "known_label_picture",
    "known_label_sheet",
    "label_report_page",
    "plot_class_frequencies",
    "plot_class_scores",
    "plot_ideal_ratios",
    "read_statistics_history",
    "run_report_page",
    "summarize_labels",
]
