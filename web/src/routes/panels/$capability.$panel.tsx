import { useQuery } from "@tanstack/react-query";
import { createFileRoute, useLocation } from "@tanstack/react-router";
import { useState } from "react";
import { EmptyState } from "@/parts/empty_state";
import { PanelFrame } from "@/parts/panel/panel_frame";
import { panelsQuery } from "@/parts/panel/panels";
import { ProblemCard } from "@/parts/problem_card";
import { View } from "@/parts/view";
import { SkeletonRows } from "@/ui/skeleton";

export const Route = createFileRoute("/panels/$capability/$panel")({ component: PanelView });

/** A view that a capability contributes. */
function PanelView() {
  const { capability, panel } = Route.useParams();
  const query = useLocation({ select: (location) => location.searchStr });
  const panels = useQuery(panelsQuery);
  const found = panels.data?.find((each) => each.id === `${capability}/${panel}`);
  const [shown, setShown] = useState("");
  const title = found?.title ?? panel;
  const isNamedAlike = title.toLowerCase() === capability.replaceAll("_", " ");
  return (
    <View
      title={shown ? `${shown} · ${title}` : title}
      lead={!isNamedAlike && <span className="text-muted text-xs">from {capability}</span>}
    >
      {panels.error && (
        <ProblemCard
          className="m-4 sm:m-6"
          error={panels.error}
          retry={() => void panels.refetch()}
        />
      )}
      {panels.isPending && <SkeletonRows rows={3} />}
      {panels.data && !found && (
        <EmptyState title="There is no such panel">
          The capability {capability} is disabled, broken or not installed, or your role does not
          see it.
        </EmptyState>
      )}
      {found && <PanelFrame key={found.id} panel={found} query={query} onTitle={setShown} />}
    </View>
  );
}
