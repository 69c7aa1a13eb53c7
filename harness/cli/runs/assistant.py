"""The built-in assistant: the default agent."""

from __future__ import annotations

from dataclasses import replace

from harness.agent import Agent
from harness.tools import echo, list_files, math, now, read_file, search_files, write_file

agent = Agent(
    "assistant",
    instructions="""
        You help the person at a terminal, in the folder they are in. Use the tools where they help:
        math for every calculation, now for the date, the file tools for what is in the folder.
        Answer briefly and in plain text.
    """,
    tools=[
        echo,
        math,
        now,
        list_files,
        read_file,
        search_files,
        replace(write_file, approval="always"),
    ],
)
