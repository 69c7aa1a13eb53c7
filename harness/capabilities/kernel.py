"""The records of the kernel's rooms. They are here because those packages load more than a record
should."""

from harness.contracts.capability import Capability

STACK = Capability(
    name="stack",
    summary="Start and check Temporal, Postgres and workers; settings, trust and keys.",
    page="explanation/design.md",
    essential=True,
    commands="harness.cli.stack.table:STACK_COMMANDS",
    routes="harness.api.installation_routes:STACK_ROUTES",
)

HISTORY = Capability(
    name="history",
    summary="Read, compare and export what happened in a run.",
    page="how-to/trace.md",
    essential=True,
    commands="harness.cli.history.table:HISTORY_COMMANDS",
    routes="harness.runs.history_routes:ROUTES",
)

MODELS = Capability(
    name="models",
    summary="Call models: OpenAI, Anthropic, Gemini, Groq, Mistral, Ollama, any server that speaks "
    "Chat Completions, or offline. Embed texts.",
    page="how-to/models.md",
    essential=True,
    commands="harness.cli.models.table:MODELS_COMMANDS",
    routes="harness.api.installation_routes:MODELS_ROUTES",
    providers=(
        ("openai", "harness.providers.openai.responses:OpenAIResponses"),
        ("anthropic", "harness.providers.anthropic.messages:AnthropicMessages"),
        ("chat", "harness.providers.chat.completions:ChatCompletions"),
        ("gemini", "harness.providers.gemini.generate:GeminiGenerate"),
        ("groq", "harness.providers.groq.completions:GroqCompletions"),
        ("mistral", "harness.providers.mistral.chat:MistralChat"),
        ("ollama", "harness.providers.ollama.chat:OllamaChat"),
        ("offline", "harness.providers.offline.model:Offline"),
    ),
    embedders=(
        ("offline", "harness.embeddings.offline:OfflineEmbedder"),
        ("openai", "harness.embeddings.remote:OpenAIEmbedder"),
        ("chat", "harness.embeddings.remote:OpenAIEmbedder"),
        ("gemini", "harness.embeddings.remote:GeminiEmbedder"),
        ("mistral", "harness.embeddings.remote:MistralEmbedder"),
        ("ollama", "harness.embeddings.remote:OllamaEmbedder"),
    ),
)

TOOLS = Capability(
    name="tools",
    summary="Built-in tools: files, web, SQL, shell and questions to a person.",
    page="how-to/tools.md",
    essential=True,
    commands="harness.cli.tools.table:TOOLS_COMMANDS",
    routes="harness.api.installation_routes:TOOLS_ROUTES",
    tools="harness.tools",
)
