import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { api, call } from "@/api/client";
import { useCommands } from "@/parts/commands";
import { Loaded } from "@/parts/desk/loaded";
import { Rows, Section } from "@/parts/desk/section";
import { EmptyState } from "@/parts/empty_state";
import { useMay } from "@/parts/roles";
import { Button } from "@/ui/button";
import { NewWebhook } from "./new_webhook";
import { WebhookRow } from "./webhook_row";

/** Who is told of what runs do. */
export default function WebhooksTab() {
  const may = useMay("operator");
  const [adding, setAdding] = useState(false);
  const webhooks = useQuery({
    queryKey: ["webhooks"],
    queryFn: async () => (await call(api.GET("/api/v1/webhooks"))).webhooks,
    refetchInterval: 10_000,
  });
  useCommands(
    may
      ? [
          {
            id: "webhooks.add",
            title: "Add a webhook",
            group: "Settings",
            icon: Plus,
            run: () => setAdding(true),
          },
        ]
      : [],
  );
  return (
    <Section
      title="Webhooks"
      lead="Signed messages about runs, sent to an address. What a receiver missed is sent again."
      actions={
        may && (
          <Button size="sm" tone="primary" onClick={() => setAdding(true)}>
            <Plus aria-hidden /> Add a webhook
          </Button>
        )
      }
    >
      <Loaded query={webhooks}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState title="No webhooks yet">
              A server of yours can be notified when a run ends or waits for a person.
            </EmptyState>
          ) : (
            <Rows label="Webhooks">
              {list.map((webhook) => (
                <WebhookRow key={webhook.id} webhook={webhook} />
              ))}
            </Rows>
          )
        }
      </Loaded>
      {adding && <NewWebhook onClose={() => setAdding(false)} />}
    </Section>
  );
}
