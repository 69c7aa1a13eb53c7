/** What is on the screen, in words for a message: "about run r-1, step tool-2-a"; undefined if that
 * would tell nothing. */
export function aboutView(location: {
  pathname: string;
  search: unknown;
  hash: string;
}): string | undefined {
  const [, view, id] = /\/(runs|agents|prompts)\/([^/]+)/.exec(location.pathname) ?? [];
  if (!view || !id) return undefined;
  const search = (location.search ?? {}) as Record<string, unknown>;
  const step = location.hash && readName(location.hash);
  const name = readName(id);
  if (view !== "runs") return `about ${view === "agents" ? "agent" : "prompt"} ${name}`;
  const place = step ? `, step ${step}` : "";
  const tab = search["tab"];
  const shown = typeof tab === "string" && tab !== "steps" ? `, ${tab}` : "";
  return `about run ${name}${place}${shown}`;
}

function readName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
