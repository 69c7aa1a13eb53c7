import { MessageSquareText, Sparkles, TriangleAlert } from "lucide-react";
import { Badge } from "@/parts/desk/badge";
import { TRUSTS, type Trust } from "../-memory";

const LOOKS = {
  said: { icon: MessageSquareText, tone: "good" },
  inferred: { icon: Sparkles, tone: "info" },
  untrusted: { icon: TriangleAlert, tone: "warn" },
} as const;

/** How far a memory is trusted. */
export function TrustBadge({ trust, count }: { trust: Trust; count?: number }) {
  return (
    <span className="inline-flex" title={TRUSTS[trust].meaning}>
      <Badge {...LOOKS[trust]}>
        {count !== undefined && `${count} `}
        {TRUSTS[trust].title}
      </Badge>
    </span>
  );
}
