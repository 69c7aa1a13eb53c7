import { EmptyState } from "@/parts/empty_state";

export default function EffectsTab() {
  return <EmptyState title="Effects" />;
}
