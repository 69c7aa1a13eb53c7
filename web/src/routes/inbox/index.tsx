import { createFileRoute, Link, useNavigate } from "@tanstack/react-router";
import { ArrowLeft, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useCommands } from "@/parts/commands";
import { DecisionCard } from "@/parts/decision/decision_card";
import { describeDone } from "@/parts/decision/verdicts";
import { EmptyState } from "@/parts/empty_state";
import { View } from "@/parts/view";
import { dropSettled, noteDecided, useWholeInbox } from "@/shell/inbox";
import { NoticeButton } from "@/shell/notice_button";
import { keyOf, type WaitingItem } from "@/shell/waiting_item";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { SkeletonRows } from "@/ui/skeleton";
import { type Group, listRows, nameOf, neighbour } from "./-inbox_list";
import { InboxFilters } from "./-parts/inbox_filters";
import { WaitingList } from "./-parts/waiting_list";
import { type InboxSearch, readSearch } from "./-search";

export const Route = createFileRoute("/inbox/")({
  validateSearch: readSearch,
  component: InboxView,
});

const NOTICE_MS = 6_000;
const WIDE = "(min-width: 1024px)";

function InboxView() {
  const search = Route.useSearch();
  const navigate = useNavigate();
  const inbox = useWholeInbox();
  const groups = listRows(inbox, search);
  const select = (item: WaitingItem | undefined) =>
    void navigate({
      to: "/inbox",
      search: ({ item: _, ...rest }: InboxSearch) =>
        item ? { ...rest, item: nameOf(item) } : rest,
      replace: true,
    });
  const open = ({ run }: WaitingItem) => void navigate({ to: "/runs/$run", params: { run } });
  const shown = useShown(groups, search.item);
  const step = (by: 1 | -1) => {
    const next = neighbour(groups, search.item, by);
    if (next) select(next);
  };
  useInboxKeys(shown?.item, step, () => select(undefined), open);
  useFirst(inbox.waiting !== undefined && search.item === undefined, groups, select);
  useNotices(inbox.settled.length);
  const count = inbox.waiting?.length;
  return (
    <View
      title="Inbox"
      lead={count ? <span className="text-muted text-xs">{count} waiting</span> : null}
      actions={
        <>
          <InboxFilters search={search} waiting={inbox.waiting ?? []} />
          <NoticeButton />
        </>
      }
    >
      {inbox.waiting === undefined ? (
        <SkeletonRows rows={6} />
      ) : groups.length === 0 && !shown ? (
        <Nothing filtered={search.agent !== undefined || search.run !== undefined} />
      ) : (
        <div className="flex h-full min-h-0">
          <div
            className={cn(
              "min-h-0 w-full overflow-auto lg:w-96 lg:shrink-0 lg:border-r",
              shown && "hidden lg:block",
            )}
          >
            <WaitingList
              groups={groups}
              selected={shown && nameOf(shown.item)}
              onSelect={select}
              onOpen={open}
              onStep={step}
            />
          </div>
          <div className={cn("min-h-0 min-w-0 flex-1 overflow-auto", !shown && "hidden lg:block")}>
            {shown ? (
              <div className="mx-auto flex max-w-3xl flex-col gap-3 p-3 sm:p-6">
                <Button
                  tone="quiet"
                  size="sm"
                  className="self-start lg:hidden"
                  onClick={() => select(undefined)}
                >
                  <ArrowLeft aria-hidden /> All that waits
                </Button>
                <DecisionCard
                  key={keyOf(shown.item)}
                  run={shown.item.run}
                  pending={shown.item.pending}
                  gone={shown.gone}
                  keys="page"
                  showRun
                  onDecided={({ verdict }) => {
                    const { item } = shown;
                    noteDecided(item, `You ${describeDone(item.pending.need, verdict)}`);
                    const next =
                      neighbour(groups, nameOf(item), 1) ?? neighbour(groups, nameOf(item), -1);
                    select(matchMedia(WIDE).matches ? next : undefined);
                  }}
                />
              </div>
            ) : (
              <EmptyState title="Nothing is selected">
                Choose a request, or press <kbd className="font-mono">j</kbd>.
              </EmptyState>
            )}
          </div>
        </div>
      )}
    </View>
  );
}

/** The selected item; it stays after it has left the list, so that nothing changes under a person
 * who reads or types. */
function useShown(groups: readonly Group[], name: string | undefined) {
  const last = useRef<WaitingItem>(undefined);
  const row = groups.flatMap((group) => group.rows).find((each) => nameOf(each.item) === name);
  if (name === undefined) last.current = undefined;
  else if (row) last.current = row.item;
  else if (last.current && nameOf(last.current) !== name) last.current = undefined;
  return last.current && { item: last.current, gone: !row || row.settled !== undefined };
}

/** Selects the oldest once, where there is room for list and card. */
function useFirst(
  free: boolean,
  groups: readonly Group[],
  select: (item: WaitingItem | undefined) => void,
): void {
  const done = useRef(false);
  useEffect(() => {
    if (done.current || !free) return;
    done.current = true;
    const first = neighbour(groups, undefined, 1);
    if (first && matchMedia(WIDE).matches) select(first);
  });
}

function useNotices(count: number): void {
  useEffect(() => {
    if (count === 0) return;
    const timer = setInterval(() => dropSettled(Date.now() - NOTICE_MS), 1_000);
    return () => clearInterval(timer);
  }, [count]);
}

function useInboxKeys(
  item: WaitingItem | undefined,
  step: (by: 1 | -1) => void,
  clear: () => void,
  open: (item: WaitingItem) => void,
): void {
  useCommands([
    { id: "inbox.next", title: "Next request", group: "Inbox", keys: "j", run: () => step(1) },
    {
      id: "inbox.previous",
      title: "Previous request",
      group: "Inbox",
      keys: "k",
      run: () => step(-1),
    },
    { id: "inbox.clear", title: "Clear the selection", group: "Inbox", keys: "u", run: clear },
    {
      id: "inbox.open",
      title: "Open the run of this request",
      group: "Inbox",
      keys: "o",
      run: () => item && open(item),
    },
  ]);
}

function Nothing(props: { filtered: boolean }) {
  if (props.filtered) {
    return (
      <EmptyState
        title="Nothing that matches waits for you"
        action={
          <Link to="/inbox" className="inline-flex items-center gap-1 text-info underline">
            <X aria-hidden className="size-4" /> Remove the filters
          </Link>
        }
      />
    );
  }
  return (
    <EmptyState title="Nothing waits for you">
      Calls that need approval, questions of agents and used-up budgets appear here as they come up.
      <code className="mt-2 block font-mono text-xs">@tool(approval="always")</code>
    </EmptyState>
  );
}
