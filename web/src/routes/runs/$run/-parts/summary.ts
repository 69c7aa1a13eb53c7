const MOST = 160;

/** Arguments in one line, as far as one can take them in at a glance. */
export function summarize(args: Record<string, unknown> | string): string {
  if (typeof args === "string") return clip(args);
  const parts: string[] = [];
  let length = 0;
  for (const [name, value] of Object.entries(args)) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const part = `${name}: ${clip(text ?? "")}`;
    parts.push(part);
    length += part.length;
    if (length > MOST) break;
  }
  return clip(parts.join(", "));
}

/** The start of a text as one line. */
function clip(text: string): string {
  const start = text.slice(0, MOST).replace(/\s+/g, " ");
  return text.length > MOST ? `${start}…` : start;
}
