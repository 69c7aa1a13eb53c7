import { useQuery } from "@tanstack/react-query";
import { meQuery } from "@/api/queries";

const RANKS = { viewer: 0, operator: 1, admin: 2 } as const;

export type Role = keyof typeof RANKS;

/** Whether the person may do what needs this role. The daemon decides; the page only does not offer
 * what would be refused. */
export function useMay(needed: Role): boolean {
  const { data } = useQuery(meQuery);
  return data !== undefined && RANKS[data.role] >= RANKS[needed];
}
