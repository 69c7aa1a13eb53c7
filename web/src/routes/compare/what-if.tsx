import { createFileRoute } from "@tanstack/react-router";
import { readName, readNames } from "./-parts/read_names";
import WhatIfPage from "./-what-if/page";

export interface WhatIfSearch {
  /** The runs to ask about, separated by commas. */
  runs?: string | string[];
  /** The what-if that was asked; a reload joins it. */
  key?: string;
}

export const Route = createFileRoute("/compare/what-if")({
  validateSearch: (search: Record<string, unknown>): WhatIfSearch => {
    const runs = readNames(search["runs"]);
    const key = readName(search["key"]);
    return { ...(runs.length ? { runs } : {}), ...(key ? { key } : {}) };
  },
  component: Page,
});

function Page() {
  const { runs, key } = Route.useSearch();
  return <WhatIfPage runs={readNames(runs)} asked={key} />;
}
