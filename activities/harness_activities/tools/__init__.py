"""Built-in tools, one kind a file. `harness.tools` hands them to users.

Light on purpose: an agent that names a tool loads no HTTP client and no engine.
"""

from harness_activities.tools.edit import delete_file, edit_file, move_file
from harness_activities.tools.files import list_files, read_file, write_file
from harness_activities.tools.http import http_get
from harness_activities.tools.http_request import http_request, http_tools
from harness_activities.tools.person import ask_human
from harness_activities.tools.quick import echo, math, now
from harness_activities.tools.search import search_files
from harness_activities.tools.shell import shell, shell_tools
from harness_activities.tools.sql import sql_execute, sql_query, sql_tables, sql_tools

__all__ = [
    "ask_human",
    "delete_file",
    "echo",
    "edit_file",
    "http_get",
    "http_request",
    "http_tools",
    "list_files",
    "math",
    "move_file",
    "now",
    "read_file",
    "search_files",
    "shell",
    "shell_tools",
    "sql_execute",
    "sql_query",
    "sql_tables",
    "sql_tools",
    "write_file",
]
