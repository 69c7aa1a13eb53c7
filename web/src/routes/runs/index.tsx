import { createFileRoute } from "@tanstack/react-router";
import { filtersOf, type RunsSearch, readFilters } from "./-filters";
import { fetchAhead } from "./-parts/fetch_runs";
import { RunsView } from "./-parts/runs_view";

export const Route = createFileRoute("/runs/")({
  validateSearch: readFilters,
  loaderDeps: ({ search }) => filtersOf(search),
  // Not awaited: the view shows that it loads, and the answer comes while its code is fetched.
  loader: ({ deps, cause }) => {
    if (cause === "enter") fetchAhead(deps);
  },
  component: () => {
    const search: RunsSearch = Route.useSearch();
    return <RunsView search={search} />;
  },
});
