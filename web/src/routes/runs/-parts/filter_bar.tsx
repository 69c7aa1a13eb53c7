import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { Problem } from "@/api/problem";
import { agentsQuery } from "@/api/queries";
import { Button } from "@/ui/button";
import { Field, Input, Select } from "@/ui/field";
import {
  AGES,
  type FilterName,
  filtersOf,
  isFiltered,
  type RunFilters,
  type RunsSearch,
  STATES,
} from "../-filters";
import { deleteView, saveView, useSavedViews } from "./saved_views";

interface BarProps {
  search: RunsSearch;
  problem: Problem | null;
  isAdmin: boolean;
  onClose: () => void;
}

/** Changes the filters, and saves them as views. */
export default function FilterBar(props: BarProps) {
  const { search, isAdmin } = props;
  const first = useRef<HTMLSelectElement>(null);
  useEffect(() => first.current?.focus(), []);
  const navigate = useNavigate();
  const agents = useQuery(agentsQuery);
  const set = (name: FilterName | "archived", value: string) => {
    const { [name]: _, ...rest } = search;
    const changed = { ...rest, ...(value ? { [name]: name === "archived" ? true : value } : {}) };
    void navigate({ to: "/runs", search: changed, replace: true });
  };
  const archived = search.archived === true;
  const refusal = props.problem?.kind === "request" || props.problem?.kind === "not_allowed";
  const queryError = search.query && refusal ? props.problem : null;
  return (
    <section
      aria-label="Filter runs"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        event.nativeEvent.stopImmediatePropagation();
        props.onClose();
      }}
      className="max-h-[55vh] overflow-auto border-t bg-surface px-4 py-3 sm:px-6"
    >
      <div className="grid grid-cols-1 gap-3 sm:grid-cols-2 lg:grid-cols-4">
        <Field label="State">
          {(ids) => (
            <Select
              {...ids}
              ref={first}
              value={search.state ?? ""}
              onChange={(event) => set("state", event.target.value)}
            >
              <option value="">any</option>
              {STATES.map((state) => (
                <option key={state}>{state}</option>
              ))}
            </Select>
          )}
        </Field>
        <Text name="agent" label="Agent" search={search} set={set} list="filter-agents" />
        <datalist id="filter-agents">
          {agents.data?.map((agent) => (
            <option key={agent.name} value={agent.name} />
          ))}
        </datalist>
        <Text name="session" label="Session" search={search} set={set} />
        {!archived && <Since search={search} set={set} />}
        {!archived && (
          <Text name="fork_of" label="Fork of" hint="The id of a run." search={search} set={set} />
        )}
        {isAdmin && !archived && (
          <>
            <Text name="owner" label="Owner" search={search} set={set} />
            <div className="sm:col-span-2">
              <Text
                name="query"
                label="Query in Temporal's language"
                hint="Such as: HarnessAgent = 'support' AND CloseTime > '2030-01-31T12:00:00Z'"
                error={queryError ? `${queryError.message} ${queryError.fix}` : undefined}
                search={search}
                set={set}
              />
            </div>
          </>
        )}
      </div>
      {archived && (
        <p className="mt-3 text-muted text-xs">
          The archive can be filtered by state, agent and session.
        </p>
      )}
      <Saving filters={filtersOf(search)} />
    </section>
  );
}

interface TextProps {
  name: FilterName;
  label: string;
  hint?: string;
  error?: string | undefined;
  list?: string;
  search: RunsSearch;
  set: (name: FilterName, value: string) => void;
}

/** A text that filters when it is complete: on Enter, or when the field is left. */
function Text({ name, label, hint, error, list, search, set }: TextProps) {
  const value = search[name] ?? "";
  return (
    <Field label={label} hint={hint} error={error}>
      {(ids) => (
        <Input
          {...ids}
          key={value}
          list={list}
          defaultValue={value}
          spellCheck={false}
          autoComplete="off"
          onBlur={(event) => {
            if (event.target.value.trim() !== value) set(name, event.target.value.trim());
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter") set(name, event.currentTarget.value.trim());
          }}
        />
      )}
    </Field>
  );
}

function Since({ search, set }: Pick<TextProps, "search" | "set">) {
  const value = search.since ?? "";
  const isPreset = value === "" || AGES.some((age) => age.since === value);
  const [isTime, setTime] = useState(!isPreset);
  return (
    <Field label="Started">
      {(ids) => (
        <div className="flex gap-1.5">
          <Select
            {...ids}
            value={isTime ? "time" : value}
            onChange={(event) => {
              setTime(event.target.value === "time");
              if (event.target.value !== "time") set("since", event.target.value);
            }}
          >
            <option value="">at any time</option>
            {AGES.map((age) => (
              <option key={age.since} value={age.since}>
                in the {age.title}
              </option>
            ))}
            <option value="time">since ...</option>
          </Select>
          {isTime && (
            <Input
              type="datetime-local"
              aria-label="Started since"
              defaultValue={isPreset ? "" : localTime(value)}
              onChange={(event) => {
                const time = new Date(event.target.value);
                if (!Number.isNaN(time.getTime())) set("since", time.toISOString());
              }}
            />
          )}
        </div>
      )}
    </Field>
  );
}

function localTime(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return "";
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function Saving({ filters }: { filters: RunFilters }) {
  const saved = useSavedViews();
  const [name, setName] = useState("");
  const save = (event: FormEvent) => {
    event.preventDefault();
    saveView(name, filters);
    setName("");
  };
  return (
    <div className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-2">
      <form onSubmit={save} className="flex items-center gap-2">
        <Input
          aria-label="Name of the view"
          placeholder="Save as a view"
          className="h-8 w-44 text-xs"
          maxLength={40}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Button size="sm" type="submit" disabled={!name.trim() || !isFiltered(filters)}>
          Save
        </Button>
      </form>
      {saved.length > 0 && (
        <ul aria-label="Saved views" className="flex flex-wrap gap-x-3 gap-y-1">
          {saved.map((view) => (
            <li key={view.name} className="flex items-center gap-0.5 text-xs">
              {view.name}
              <Button
                size="icon"
                tone="quiet"
                aria-label={`Delete the view ${view.name}`}
                onClick={() => deleteView(view.name)}
              >
                <Trash2 />
              </Button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
