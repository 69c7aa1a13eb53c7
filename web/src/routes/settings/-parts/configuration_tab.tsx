import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { TriangleAlert } from "lucide-react";
import { api, call, type Schemas } from "@/api/client";
import { Badge, Chip } from "@/parts/desk/badge";
import { Loaded } from "@/parts/desk/loaded";
import { Rows, Section } from "@/parts/desk/section";
import { Input } from "@/ui/field";
import { readSearch } from "../-tabs";

const route = getRouteApi("/settings/");

/** The settings as they apply, and where each is from. */
export default function ConfigurationTab() {
  const { find = "" } = route.useSearch();
  const navigate = useNavigate();
  const settings = useQuery({
    queryKey: ["settings"],
    queryFn: () => call(api.GET("/api/v1/settings")),
    staleTime: 30_000,
  });
  const wanted = find.trim().toLowerCase();
  const matches = ({ key, meaning }: Schemas["SettingView"]) =>
    key.toLowerCase().includes(wanted) || (meaning ?? "").toLowerCase().includes(wanted);
  return (
    <Section
      title="Configuration"
      lead="What the daemon started with, from harness.toml, the environment and defaults. Secrets are not shown."
      actions={
        <div className="w-48">
          <Input
            type="search"
            aria-label="Find a setting"
            placeholder="Find a setting"
            className="h-8 text-xs"
            value={find}
            onChange={({ target }) =>
              void navigate({
                to: "/settings",
                search: readSearch({ tab: "configuration", find: target.value }),
                replace: true,
              })
            }
          />
        </div>
      }
    >
      <Loaded query={settings} rows={8}>
        {(found) => (
          <>
            {found.ignored.length > 0 && <Ignored ignored={found.ignored} />}
            <Rows label="Settings">
              {found.settings.filter(matches).map((setting) => (
                <SettingRow key={setting.key} setting={setting} />
              ))}
            </Rows>
            {!found.settings.some(matches) && (
              <p className="px-4 py-3 text-muted">No setting matches.</p>
            )}
          </>
        )}
      </Loaded>
    </Section>
  );
}

function SettingRow({ setting }: { setting: Schemas["SettingView"] }) {
  const { key, value, source, meaning } = setting;
  const set = source && source !== "default";
  return (
    <li className="grid gap-x-6 gap-y-0.5 px-4 py-2.5 sm:grid-cols-[16rem_1fr]">
      <p className="break-all font-mono text-xs leading-5">{key}</p>
      <div className="min-w-0">
        <p className="flex flex-wrap items-baseline gap-x-2.5">
          {value == null ? (
            <span className="text-muted text-xs leading-5">unset</span>
          ) : (
            <span className="min-w-0 break-all font-mono text-xs leading-5">{write(value)}</span>
          )}
          {set && <Chip>{source}</Chip>}
        </p>
        {meaning && <p className="text-muted text-xs">{meaning}</p>}
      </div>
    </li>
  );
}

function write(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Ignored({ ignored }: { ignored: readonly Schemas["IgnoredSetting"][] }) {
  return (
    <div className="border-b bg-warn-soft px-4 py-3">
      <Badge icon={TriangleAlert} tone="warn">
        {ignored.length === 1 ? "1 setting is ignored" : `${ignored.length} settings are ignored`}
      </Badge>
      <p className="mt-1 text-sm">
        Their capability is disabled, broken or not installed:{" "}
        {ignored.map((each) => `${each.key} (${each.source})`).join(", ")}
      </p>
    </div>
  );
}
