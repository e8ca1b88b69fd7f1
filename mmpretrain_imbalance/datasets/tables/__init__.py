"""Reader of the tables and exports in which people keep labels: CSV, Excel, Parquet, Label Studio, CVAT."""

from .description import ColumnDescription, TableDescription
from .label_table import LabelTable, read_label_table
from .table_options import TableOptions

__all__ = ["ColumnDescription", "LabelTable", "TableDescription", "TableOptions", "read_label_table"]
