import { useQuery } from "@tanstack/react-query";
import { meQuery } from "@/api/queries";

const RANKS = { viewer: 0, operator: 1, admin: 2 } as const;

export type Role = keyof typeof RANKS;

/** Whether the person may do what needs this role. The daemon decides; the page only does not offer
 * what would be refused. */
export function useMay(needed: Role): boolean {
  return mayDo(useRole(), needed);
}

/** The person's role; undefined until it is known. */
export function useRole(): Role | undefined {
  return useQuery(meQuery).data?.role;
}

/** Whether a role is enough. */
export function mayDo(role: Role | undefined, needed: Role): boolean {
  return role !== undefined && RANKS[role] >= RANKS[needed];
}
