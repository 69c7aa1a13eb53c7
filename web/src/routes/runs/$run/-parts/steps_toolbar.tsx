import { Search } from "lucide-react";
import { cn } from "@/ui/cn";
import { Kbd } from "@/ui/kbd";
import { type Only, useRunView } from "../-view";
import { FIND_ID } from "./use_step_keys";

const CHOICES: readonly { only: Only | undefined; title: string }[] = [
  { only: undefined, title: "All" },
  { only: "problems", title: "Problems" },
  { only: "people", title: "People" },
  { only: "tools", title: "Tools" },
  { only: "replies", title: "Replies" },
];

/** Search and filters of the steps, kept in the address. */
export function StepsToolbar(props: { matches: number | undefined }) {
  const { log, search, setSearch } = useRunView();
  return (
    <div className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1.5 border-b px-4 py-1.5 sm:px-6">
      <label className="flex h-8 min-w-40 flex-1 items-center gap-2 rounded-md bg-sunken px-2.5 sm:max-w-72 dark:bg-surface">
        <Search aria-hidden className="size-3.5 text-muted" />
        <span className="sr-only">Search in the steps</span>
        <input
          id={FIND_ID}
          type="search"
          placeholder="Search in the steps"
          value={search.find ?? ""}
          onChange={(event) => setSearch({ find: event.target.value || undefined })}
          onKeyDown={(event) => {
            if (event.key === "Escape") event.currentTarget.blur();
          }}
          className="min-w-0 flex-1 bg-transparent text-xs outline-none placeholder:text-muted"
        />
        <Kbd keys="/" />
      </label>
      <fieldset className="flex flex-wrap gap-1">
        <legend className="sr-only">Which steps</legend>
        {CHOICES.map(({ only, title }) => (
          <button
            key={title}
            type="button"
            aria-pressed={search.only === only}
            onClick={() => setSearch({ only })}
            className={cn(
              "rounded-md px-2 py-1 text-muted text-xs hover:bg-sunken hover:text-ink",
              search.only === only && "bg-sunken font-medium text-ink dark:bg-raised",
            )}
          >
            {title}
          </button>
        ))}
      </fieldset>
      <span className="ml-auto text-muted text-xs" role="status">
        {props.matches === undefined
          ? `${log.steps.length.toLocaleString("en")} steps`
          : `${props.matches.toLocaleString("en")} of ${log.steps.length.toLocaleString("en")} steps`}
      </span>
    </div>
  );
}
