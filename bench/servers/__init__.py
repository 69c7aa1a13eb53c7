"""Agent servers side by side: ours, Aegra and LangGraph's own development server."""
