/** What is on the screen, in words for a message: "about run r-1, step tool-2-a"; undefined if that
 * would tell nothing. */
export function aboutView(location: { pathname: string; search: unknown }): string | undefined {
  const [, view, id, tab] =
    /\/(runs|agents|prompts)\/([^/]+)(?:\/([^/]+))?\/?$/.exec(location.pathname) ?? [];
  if (!view || !id) return undefined;
  const search = (location.search ?? {}) as Record<string, unknown>;
  const step = search["step"];
  const name = readName(id);
  if (view !== "runs") return `about ${view === "agents" ? "agent" : "prompt"} ${name}`;
  const place = typeof step === "string" && step ? `, step ${step}` : "";
  const shown = tab ? `, ${readName(tab)}` : "";
  return `about run ${name}${place}${shown}`;
}

function readName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
