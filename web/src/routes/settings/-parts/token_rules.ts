import type { Schemas } from "@/api/client";
import type { Role } from "@/parts/ranks";

export type Credential = Schemas["Credential"];

/** Whether it signs nobody in any more. */
export function isOver(credential: Credential, now = Date.now() / 1000): boolean {
  return credential.revoked != null || (credential.expires != null && credential.expires <= now);
}

const ORDER: readonly Role[] = ["viewer", "operator", "admin"];

/** The roles that a token of somebody with this role can have, the lowest first: a token should be
 * able to do no more than it needs to. */
export function rolesUpTo(role: Role): readonly Role[] {
  return ORDER.slice(0, ORDER.indexOf(role) + 1);
}

export const LIFETIMES: readonly { days: number; title: string }[] = [
  { days: 1, title: "1 day" },
  { days: 30, title: "30 days" },
  { days: 90, title: "90 days" },
  { days: 365, title: "1 year" },
  { days: 0, title: "never" },
];
