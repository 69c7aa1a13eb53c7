/** The text of a message, below what it is about, if anything. */
export function withAbout(about: string | undefined, text: string): string {
  if (!about) return text.trim();
  return `${about.charAt(0).toUpperCase()}${about.slice(1)}:\n\n${text}`.trim();
}
