import type { ToolStep } from "@/events/steps";

interface FileEdit {
  title: string;
  before: string;
  after: string;
}

/** The change that a file tool makes, as far as its arguments tell; null for other tools.
 *
 * Known: harness's own `edit_file` and `write_file`, and tools of others that take the same words.
 */
export function fileEditOf(step: Pick<ToolStep, "name" | "arguments">): FileEdit | null {
  const args = step.arguments;
  if (typeof args === "string") return null;
  const path = textOf(args, "path", "file_path", "filename");
  if (path === undefined) return null;
  const before = textOf(args, "old", "old_string", "old_str", "old_text");
  const after = textOf(args, "new", "new_string", "new_str", "new_text");
  if (before !== undefined && after !== undefined) return { title: path, before, after };
  const content = textOf(args, "content", "file_text");
  if (content !== undefined && /write|create/i.test(step.name))
    return { title: `${path} (whole file)`, before: "", after: content };
  return null;
}

function textOf(args: Record<string, unknown>, ...names: string[]): string | undefined {
  for (const name of names) {
    const value = args[name];
    if (typeof value === "string") return value;
  }
  return undefined;
}
