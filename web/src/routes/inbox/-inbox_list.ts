/** What the inbox lists, and in which order. Pure. */
import type { Inbox, SettledItem } from "@/shell/inbox";
import type { WaitingItem } from "@/shell/waiting_item";
import type { InboxSearch } from "./-search";

/** How links name an item: they stay good if the run asks the same again. */
export function nameOf(item: WaitingItem): string {
  return `${item.run} ${item.pending.id}`;
}

export interface Row {
  item: WaitingItem;
  /** It has just left. */
  settled?: SettledItem;
}

export interface Group {
  /** Empty: no heading. */
  title: string;
  rows: Row[];
}

/** What matches, with what has just been settled in its place, in groups. */
export function listRows(inbox: Inbox, search: InboxSearch): Group[] {
  const fits = ({ run, agent }: WaitingItem) =>
    (!search.agent || agent === search.agent) && (!search.run || run === search.run);
  const open = (inbox.waiting ?? []).filter(fits);
  const again = new Set(open.map(nameOf));
  const rows: Row[] = [
    ...open.map((item) => ({ item })),
    ...inbox.settled
      .filter((item) => fits(item) && !again.has(nameOf(item)))
      .map((settled) => ({ item: settled, settled })),
  ];
  rows.sort((one, two) => one.item.pending.since - two.item.pending.since);
  const { by } = search;
  if (!by) return rows.length > 0 ? [{ title: "", rows }] : [];
  const groups = Map.groupBy(rows, (row) => row.item[by]);
  return [...groups].map(([title, members]) => ({ title, rows: members }));
}

/** The item to select after this one: the next that waits, else the one before. */
export function neighbour(groups: readonly Group[], name: string | undefined, step: 1 | -1) {
  const rows = groups.flatMap((group) => group.rows);
  const at = rows.findIndex((row) => nameOf(row.item) === name);
  if (at < 0) return rows.find((row) => !row.settled)?.item;
  const rest = step === 1 ? rows.slice(at + 1) : rows.slice(0, at).reverse();
  return rest.find((row) => !row.settled)?.item;
}
