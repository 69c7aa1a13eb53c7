import { createFileRoute } from "@tanstack/react-router";
import { readQuestion, type WhatIfQuestion } from "@/parts/alternatives/read_question";
import { readName, readNames } from "./-parts/read_names";
import WhatIfPage from "./-what-if/page";

interface WhatIfSearch {
  /** The runs to ask about, separated by commas. */
  runs?: string | string[];
  /** The what-if that was asked; who asked it joins it. */
  key?: string;
  /** Its question, if it is short enough for an address. */
  ask?: WhatIfQuestion;
}

export const Route = createFileRoute("/compare/what-if")({
  validateSearch: (search: Record<string, unknown>): WhatIfSearch => {
    const runs = readNames(search["runs"]);
    const key = readName(search["key"]);
    const ask = key ? readQuestion(search["ask"]) : null;
    return { ...(runs.length ? { runs } : {}), ...(key ? { key } : {}), ...(ask ? { ask } : {}) };
  },
  component: Page,
});

function Page() {
  const { runs, key, ask } = Route.useSearch();
  return <WhatIfPage runs={readNames(runs)} asked={key} ask={ask} />;
}
