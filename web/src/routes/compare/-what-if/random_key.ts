/** `crypto.randomUUID` is only there in secure contexts, and a daemon may be reached over http. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
