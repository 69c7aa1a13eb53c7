import { createFileRoute } from "@tanstack/react-router";
import { ComparePage } from "./-parts/compare_page";
import { readName } from "./-parts/read_names";
import type { CompareSearch } from "./-parts/search";

export const Route = createFileRoute("/compare/")({
  validateSearch: (search: Record<string, unknown>): CompareSearch => {
    const left = readName(search["left"]);
    const right = readName(search["right"]);
    return {
      ...(left ? { left } : {}),
      ...(right ? { right } : {}),
      ...(search["all"] === true ? { all: true } : {}),
    };
  },
  component: Page,
});

function Page() {
  const search = Route.useSearch();
  const navigate = Route.useNavigate();
  return (
    <ComparePage
      search={search}
      setSearch={(changed) => void navigate({ search: { ...search, ...changed }, replace: true })}
    />
  );
}
