const RANKS = { viewer: 0, operator: 1, admin: 2 } as const;

export type Role = keyof typeof RANKS;

/** Whether a role is enough for what needs another one. */
export function mayDo(role: Role | undefined, needed: Role): boolean {
  return role !== undefined && RANKS[role] >= RANKS[needed];
}
