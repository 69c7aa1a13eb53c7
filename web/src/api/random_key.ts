/** A text that nobody else makes, as ids and idempotency keys are. `crypto.randomUUID` is only there
 * in secure contexts, and a daemon may be reached over plain HTTP. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
