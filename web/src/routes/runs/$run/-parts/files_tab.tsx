import { EmptyState } from "@/parts/empty_state";

export default function FilesTab() {
  return <EmptyState title="Files" />;
}
