import { root } from "./root";

/** The name of something that all pages of one host share: a key of storage, a lock, a channel. It
 * carries the root, because another daemon may be mounted at another path of the same host.
 * `public/theme.js` names its key in the same way. */
export function browserName(name: string, below: string = root): string {
  // A point ends the root, so it must not have one.
  return `harness${below.replaceAll(".", "%2E")}.${name}`;
}
