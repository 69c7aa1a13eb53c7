import { Link } from "@tanstack/react-router";
import { ListFilter, X } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { Problem } from "@/api/problem";
import { useCommands } from "@/parts/commands";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Kbd } from "@/ui/kbd";
import { chipsOf, filtersOf, type RunFilters, type RunsSearch, without } from "../-filters";
import { useSavedViews } from "./saved_views";

const FilterBar = lazy(() => import("./filter_bar"));

interface FiltersProps {
  search: RunsSearch;
  problem: Problem | null;
  user: string | undefined;
  role: string | undefined;
}

/** Views as links, the filters as chips, and the bar to change them. */
export function Filters(props: FiltersProps) {
  const [open, setOpen] = useState(false);
  const toggle = () => setOpen((now) => !now);
  useCommands([
    { id: "runs.filter", title: "Filter runs", group: "Runs", keys: "f", run: toggle },
    { id: "runs.filter_too", title: "Filter runs", group: "Runs", keys: "/", run: toggle },
  ]);
  const chips = chipsOf(props.search);
  return (
    <div className="shrink-0 border-b">
      <div className="flex items-center gap-1 px-3 py-1.5 sm:px-5">
        <Views {...props} />
        <Button
          size="sm"
          tone="quiet"
          aria-expanded={open}
          onClick={toggle}
          title="Filter runs and save views"
        >
          <ListFilter aria-hidden /> Filter <Kbd keys="f" className="max-sm:hidden" />
        </Button>
      </div>
      {chips.length > 0 && (
        <ul aria-label="Filters" className="flex flex-wrap gap-1.5 px-4 pb-2 sm:px-6">
          {chips.map(({ name, text }) => (
            <li key={name}>
              <Link
                to="/runs"
                search={without(props.search, name)}
                className="inline-flex h-7 max-w-80 items-center gap-1.5 rounded-full border border-line bg-surface px-2.5 text-xs hover:bg-sunken"
              >
                <span className="truncate">{text}</span>
                <X aria-hidden className="size-3 text-muted" />
                <span className="sr-only">: remove</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
      <Suspense>
        {open && <FilterBar {...props} isAdmin={props.role === "admin"} onClose={toggle} />}
      </Suspense>
    </div>
  );
}

function Views({ search, user, role }: FiltersProps) {
  const saved = useSavedViews();
  const mine: RunFilters =
    role === "admin" && user ? { state: "waiting", owner: user } : { state: "waiting" };
  const views: { name: string; filters: RunFilters }[] = [
    { name: "All", filters: {} },
    { name: "Waiting for me", filters: mine },
    { name: "Running", filters: { state: "running" } },
    { name: "Failed", filters: { state: "failed" } },
    ...saved,
  ];
  if (role === "admin") views.push({ name: "Archived", filters: { archived: true } });
  const chosen = keyOf(filtersOf(search));
  return (
    <nav aria-label="Saved views" className="flex min-w-0 flex-1 gap-0.5 overflow-x-auto">
      {views.map(({ name, filters }) => {
        const isChosen = keyOf(filters) === chosen;
        return (
          <Link
            key={`${name} ${keyOf(filters)}`}
            to="/runs"
            search={filters}
            activeOptions={{ exact: true, includeSearch: true }}
            aria-current={isChosen ? "page" : undefined}
            className={cn(
              "whitespace-nowrap rounded-md px-2.5 py-1.5 text-muted text-xs hover:bg-sunken hover:text-ink dark:hover:bg-surface",
              isChosen && "bg-sunken font-medium text-ink dark:bg-raised",
            )}
          >
            {name}
          </Link>
        );
      })}
    </nav>
  );
}

function keyOf(filters: RunFilters): string {
  return JSON.stringify(Object.entries(filters).sort());
}
