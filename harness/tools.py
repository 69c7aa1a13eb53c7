"""Built-in tools: `from harness.tools import read_file, http_get`."""

from harness_activities.tools import (
    ask_human,
    delete_file,
    echo,
    edit_file,
    http_get,
    list_files,
    math,
    move_file,
    now,
    read_file,
    search_files,
    sql_execute,
    sql_query,
    sql_tables,
    sql_tools,
    write_file,
)

__all__ = [
    "ask_human",
    "delete_file",
    "echo",
    "edit_file",
    "http_get",
    "list_files",
    "math",
    "move_file",
    "now",
    "read_file",
    "search_files",
    "sql_execute",
    "sql_query",
    "sql_tables",
    "sql_tools",
    "write_file",
]
