import { EmptyState } from "@/parts/empty_state";

export default function TimeTab() {
  return <EmptyState title="Time" />;
}
