"""Built-in tools, one file per kind, exported here for users.

Light on purpose: an agent that names a tool loads neither an HTTP client nor Temporal.
"""

from harness.tools.basic.person import ask_human
from harness.tools.basic.quick import echo, math, now
from harness.tools.files.edit import delete_file, edit_file, move_file
from harness.tools.files.files import list_files, read_file, write_file
from harness.tools.files.search import search_files
from harness.tools.sandbox.direct import SandboxResult, run_in_sandbox
from harness.tools.sandbox.sandbox import run_python, run_shell, sandbox_tools
from harness.tools.shell.shell import shell, shell_tools
from harness.tools.sql.sql import sql_execute, sql_query, sql_tables, sql_tools
from harness.tools.web.http import http_get
from harness.tools.web.http_request import http_request, http_tools

__all__ = [
    "SandboxResult",
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
    "run_in_sandbox",
    "run_python",
    "run_shell",
    "sandbox_tools",
    "search_files",
    "shell",
    "shell_tools",
    "sql_execute",
    "sql_query",
    "sql_tables",
    "sql_tools",
    "write_file",
]
