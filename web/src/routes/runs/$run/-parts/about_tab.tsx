import { EmptyState } from "@/parts/empty_state";

export default function AboutTab() {
  return <EmptyState title="About" />;
}
