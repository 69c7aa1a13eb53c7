import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck, CircleSlash, CircleX, Play, Send, Trash2, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import { Ago } from "@/parts/ago";
import { Badge, Chip, type Tone } from "@/parts/desk/badge";
import { Confirm } from "@/parts/desk/confirm";
import { Loaded } from "@/parts/desk/loaded";
import { Rows } from "@/parts/desk/section";
import { ProblemCard } from "@/parts/problem_card";
import { useMay } from "@/parts/roles";
import { Button } from "@/ui/button";
import { notify } from "@/ui/notify";

type Webhook = Schemas["Webhook"];

const LOOKS: Record<Webhook["state"], { icon: typeof CircleCheck; tone: Tone }> = {
  active: { icon: CircleCheck, tone: "good" },
  failing: { icon: TriangleAlert, tone: "warn" },
  disabled: { icon: CircleSlash, tone: "bad" },
  unsigned: { icon: CircleX, tone: "bad" },
};

/** A webhook: whether its messages arrive, and what can be done. */
export function WebhookRow({ webhook }: { webhook: Webhook }) {
  const may = useMay("operator");
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const [removing, setRemoving] = useState(false);
  const params = { path: { webhook: webhook.id } };
  const again = () => void queries.invalidateQueries({ queryKey: ["webhooks"] });
  const testing = useMutation({
    mutationFn: () => call(api.POST("/api/v1/webhooks/{webhook}/test", { params })),
    onSuccess: () => {
      again();
      setOpen(true);
      notify("A test message was sent: its delivery is listed.");
    },
  });
  const resuming = useMutation({
    mutationFn: () => call(api.POST("/api/v1/webhooks/{webhook}/resume", { params })),
    onSuccess: again,
  });
  const remove = async () => {
    await call(api.DELETE("/api/v1/webhooks/{webhook}", { params }));
    again();
  };
  const stopped = webhook.state === "failing" || webhook.state === "disabled";
  const error = testing.error ?? resuming.error;
  return (
    <li className="px-4 py-3">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-64">
          <p className="flex flex-wrap items-center gap-x-3">
            <span className="min-w-0 truncate font-medium">{webhook.url}</span>
            <Badge {...LOOKS[webhook.state]}>{webhook.state}</Badge>
          </p>
          <p className="mt-1 flex flex-wrap gap-1">
            {webhook.events.map((each) => (
              <Chip key={each}>{each}</Chip>
            ))}
            {webhook.agent && <Chip>agent {webhook.agent}</Chip>}
            <Chip>{webhook.everyone ? "all users" : `runs of ${webhook.owner}`}</Chip>
          </p>
          {webhook.reason && <p className="mt-1 break-words text-bad text-xs">{webhook.reason}</p>}
        </div>
        <div className="flex flex-wrap gap-2">
          <Button size="sm" aria-expanded={open} onClick={() => setOpen(!open)}>
            Deliveries
          </Button>
          {may && stopped && (
            <Button size="sm" disabled={resuming.isPending} onClick={() => resuming.mutate()}>
              <Play aria-hidden /> Resume
            </Button>
          )}
          {may && (
            <>
              <Button size="sm" disabled={testing.isPending} onClick={() => testing.mutate()}>
                <Send aria-hidden /> Test
              </Button>
              <Button
                size="icon"
                tone="quiet"
                aria-label={`Remove ${webhook.url}`}
                onClick={() => setRemoving(true)}
              >
                <Trash2 aria-hidden />
              </Button>
            </>
          )}
        </div>
      </div>
      {error && <ProblemCard className="mt-2" error={error} />}
      {open && <Deliveries webhook={webhook.id} />}
      {removing && (
        <Confirm
          title="Remove this webhook?"
          action="Remove"
          act={remove}
          onClose={() => setRemoving(false)}
        >
          Nothing more is sent to {webhook.url}.
        </Confirm>
      )}
    </li>
  );
}

function Deliveries({ webhook }: { webhook: string }) {
  const deliveries = useQuery({
    queryKey: ["webhooks", webhook, "deliveries"],
    queryFn: async () =>
      (
        await call(
          api.GET("/api/v1/webhooks/{webhook}/deliveries", {
            params: { path: { webhook }, query: { limit: 20 } },
          }),
        )
      ).deliveries,
    refetchInterval: 3_000,
  });
  return (
    <div className="mt-3 overflow-hidden rounded-md border border-line-soft bg-canvas">
      <Loaded query={deliveries} rows={2}>
        {(list) =>
          list.length === 0 ? (
            <p className="px-3 py-2 text-muted text-xs">Nothing was sent yet.</p>
          ) : (
            <Rows label="Deliveries">
              {list.map((each) => (
                <DeliveryRow key={each.id} delivery={each} />
              ))}
            </Rows>
          )
        }
      </Loaded>
    </div>
  );
}

function DeliveryRow({ delivery }: { delivery: Schemas["Delivery"] }) {
  const attempts = delivery.attempts === 1 ? "1 attempt" : `${delivery.attempts} attempts`;
  return (
    <li className="px-3 py-2 text-xs">
      <p className="flex flex-wrap items-center gap-x-3">
        {delivery.done ? (
          <Badge icon={CircleCheck} tone="good">
            accepted
          </Badge>
        ) : (
          <Badge icon={TriangleAlert} tone="warn">
            not yet accepted
          </Badge>
        )}
        <span>{delivery.kind}</span>
        {delivery.run && (
          <Link
            to="/runs/$run"
            params={{ run: delivery.run }}
            className="min-w-0 truncate underline"
          >
            {delivery.run}
          </Link>
        )}
        <span className="ml-auto text-muted">
          {attempts}, <Ago at={delivery.tried} />
        </span>
      </p>
      {delivery.problem && <p className="mt-0.5 break-words text-bad">{delivery.problem}</p>}
    </li>
  );
}
