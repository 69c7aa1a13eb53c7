import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createFileRoute, Link, useNavigate } from "@tanstack/react-router";
import { Archive, ArchiveRestore, Pencil, Play } from "lucide-react";
import { api, call } from "@/api/client";
import { Ago } from "@/parts/ago";
import { type Command, useCommands } from "@/parts/commands";
import { Badge } from "@/parts/desk/badge";
import { Loaded } from "@/parts/desk/loaded";
import { Column } from "@/parts/desk/section";
import { ProblemCard } from "@/parts/problem_card";
import { useMay } from "@/parts/roles";
import { View } from "@/parts/view";
import { Button } from "@/ui/button";
import { notify } from "@/ui/notify";
import { TabPanel, Tabs } from "@/ui/tabs";
import { EditTab } from "./-parts/edit_tab";
import { TextTab } from "./-parts/text_tab";
import { promptQuery } from "./-parts/use_prompt";
import { VersionsTab } from "./-parts/versions_tab";
import { type PromptSearch, readPromptSearch, type Tab, type VersionView } from "./-prompts";

export const Route = createFileRoute("/prompts/$prompt")({
  validateSearch: readPromptSearch,
  component: () => {
    const { prompt } = Route.useParams();
    return <OnePrompt key={prompt} prompt={prompt} search={Route.useSearch()} />;
  },
});

function OnePrompt({ prompt, search }: { prompt: string; search: PromptSearch }) {
  const navigate = useNavigate();
  const newest = useQuery(promptQuery(prompt));
  const shown = useQuery(promptQuery(prompt, search.version));
  const may = useMay("operator");
  const show = (changes: { [K in keyof PromptSearch]?: PromptSearch[K] | "text" | undefined }) =>
    void navigate({
      to: "/prompts/$prompt",
      params: { prompt },
      search: readPromptSearch({ ...search, ...changes }),
      replace: true,
    });
  const { commands, problem } = useActs(newest.data, search.version, () => show({ tab: "edit" }));
  useCommands(commands);
  const tab = search.tab === "edit" && !may ? "text" : (search.tab ?? "text");
  return (
    <View
      title={prompt}
      lead={newest.data && <Lead newest={newest.data} shown={search.version} />}
      actions={commands.map((command) => (
        <Button
          key={command.id}
          size="sm"
          tone={command.id === "prompt.run" ? "primary" : "plain"}
          onClick={command.run}
        >
          {command.icon && <command.icon aria-hidden />} {command.title}
        </Button>
      ))}
    >
      <div className="flex h-full min-h-0 flex-col">
        {problem && <ProblemCard className="m-4" error={problem} />}
        <Tabs
          label="The template"
          tabs={[
            { id: "text", title: "Text" },
            ...(may ? [{ id: "edit", title: "Edit" }] : []),
            { id: "versions", title: "Versions" },
          ]}
          selected={tab}
          onSelect={(id) =>
            show(
              readPromptSearch({ ...search, tab: id }).tab
                ? { tab: id as Tab }
                : { tab: undefined },
            )
          }
        >
          <TabPanel id={tab}>
            <Column>
              <Loaded query={shown} rows={6} className="m-0">
                {(version) =>
                  tab === "text" ? (
                    <TextTab key={version.version} version={version} />
                  ) : tab === "edit" ? (
                    <EditTab
                      key={version.version}
                      version={version}
                      onSaved={() => show({ tab: "text", version: undefined })}
                    />
                  ) : (
                    <VersionsTab
                      prompt={prompt}
                      newest={newest.data?.version ?? version.version}
                      search={search}
                      onSearch={show}
                    />
                  )
                }
              </Loaded>
            </Column>
          </TabPanel>
        </Tabs>
      </div>
    </View>
  );
}

function Lead({ newest, shown }: { newest: VersionView; shown: number | undefined }) {
  const old = shown !== undefined && shown !== newest.version;
  return (
    <span className="flex flex-wrap items-center gap-x-3 text-muted text-xs">
      {old ? (
        <>
          <Badge icon={Archive} tone="warn">
            version {shown} of {newest.version}
          </Badge>
          <Link
            to="/prompts/$prompt"
            params={{ prompt: newest.name }}
            className="text-info underline"
          >
            Show the newest
          </Link>
        </>
      ) : (
        <span>
          version {newest.version}, {newest.by}, <Ago at={Date.parse(newest.created_at) / 1000} />
        </span>
      )}
      {newest.archived && (
        <Badge icon={Archive} tone="quiet">
          archived
        </Badge>
      )}
    </span>
  );
}

/** What can be done with the template, as far as the role allows. */
function useActs(newest: VersionView | undefined, version: number | undefined, edit: () => void) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const operator = useMay("operator");
  const admin = useMay("admin");
  const keeping = useMutation({
    mutationFn: async (archive: boolean) => {
      const params = { path: { prompt: newest?.name ?? "" } };
      await (archive
        ? call(api.POST("/api/v1/prompts/{prompt}/archive", { params }))
        : call(api.POST("/api/v1/prompts/{prompt}/restore", { params })));
      return archive;
    },
    onSuccess: async (archive) => {
      await queries.invalidateQueries({ queryKey: ["prompt"] });
      void queries.invalidateQueries({ queryKey: ["prompt-list"] });
      notify(archive ? "Archived: runs still use its versions by number." : "Restored.");
    },
  });
  const commands: Command[] = [];
  if (!newest) return { commands, problem: keeping.error };
  const group = "Prompt";
  if (admin) {
    const { archived } = newest;
    commands.push({
      id: "prompt.archive",
      title: archived ? "Restore" : "Archive",
      group,
      icon: archived ? ArchiveRestore : Archive,
      run: () => keeping.mutate(!archived),
    });
  }
  if (operator) {
    const template = version === undefined ? newest.name : `${newest.name}@${version}`;
    commands.push(
      { id: "prompt.edit", title: "Edit", group, keys: "e", icon: Pencil, run: edit },
      {
        id: "prompt.run",
        title: "Start a run",
        group,
        icon: Play,
        run: () => void navigate({ to: "/runs", search: { start: "", template } }),
      },
    );
  }
  return { commands, problem: keeping.error };
}
