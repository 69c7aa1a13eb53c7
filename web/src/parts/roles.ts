import { useQuery } from "@tanstack/react-query";
import { meQuery } from "@/api/queries";
import { mayDo, type Role } from "./ranks";

/** Whether the person may do what needs this role. The daemon decides; the page only does not offer
 * what would be refused. */
export function useMay(needed: Role): boolean {
  return mayDo(useRole(), needed);
}

/** The person's role; undefined until it is known. */
export function useRole(): Role | undefined {
  return useQuery(meQuery).data?.role;
}
