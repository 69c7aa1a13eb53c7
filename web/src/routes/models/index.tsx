import { queryOptions, useQuery } from "@tanstack/react-query";
import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { FlaskConical, KeyRound } from "lucide-react";
import { useState } from "react";
import { api, call } from "@/api/client";
import { useCommands } from "@/parts/commands";
import { Loaded } from "@/parts/desk/loaded";
import { Column } from "@/parts/desk/section";
import { EmptyState } from "@/parts/empty_state";
import { useMay } from "@/parts/roles";
import { View } from "@/parts/view";
import { Button } from "@/ui/button";
import { Input } from "@/ui/field";
import { groupModels, type ModelSearch, readSearch } from "./-models";
import { ProviderSection } from "./-parts/provider_section";
import { TestOther } from "./-parts/test_other";
import { useTests } from "./-parts/use_tests";

export const Route = createFileRoute("/models/")({
  validateSearch: readSearch,
  component: Models,
});

const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: async () => (await call(api.GET("/api/v1/models"))).models,
  staleTime: 60_000,
});

function Models() {
  const search = Route.useSearch();
  const models = useQuery(modelsQuery);
  const may = useMay("operator");
  const tests = useTests();
  const [other, setOther] = useState(false);
  const providers = groupModels(models.data ?? [], search);
  const ready = providers.flatMap((provider) => provider.models).filter((model) => model.ready);
  const testOther = {
    id: "models.test",
    title: "Test another model",
    group: "Models",
    icon: FlaskConical,
    run: () => setOther(true),
  };
  const testKnown = ready.map(({ model }) => ({
    id: `models.test.${model}`,
    title: `Test ${model}`,
    group: "Models",
    icon: FlaskConical,
    run: () => tests.run(model),
  }));
  useCommands(may ? [testOther, ...testKnown] : []);
  return (
    <View
      title="Models"
      actions={
        <>
          <Filters search={search} />
          {may && (
            <Button size="sm" onClick={() => setOther(true)}>
              <FlaskConical aria-hidden /> Test another
            </Button>
          )}
        </>
      }
    >
      <Column>
        <Loaded query={models} rows={8} className="m-0">
          {() =>
            providers.length === 0 ? (
              <EmptyState title="No known model matches">
                Others work too, as provider/model: test one to see.
              </EmptyState>
            ) : (
              providers.map((provider) => (
                <ProviderSection key={provider.name} provider={provider} tests={tests} may={may} />
              ))
            )
          }
        </Loaded>
      </Column>
      {other && <TestOther tests={tests} onClose={() => setOther(false)} />}
    </View>
  );
}

function Filters({ search }: { search: ModelSearch }) {
  const navigate = useNavigate();
  const change = (changes: { find?: string; ready?: boolean }) =>
    void navigate({
      to: "/models",
      search: readSearch({ ...search, ...changes }),
      replace: true,
    });
  return (
    <>
      <div className="w-40">
        <Input
          type="search"
          aria-label="Find a model"
          placeholder="Find a model"
          className="h-8 text-xs"
          value={search.find ?? ""}
          onChange={({ target }) => change({ find: target.value })}
        />
      </div>
      <Button
        size="sm"
        aria-pressed={search.ready === true}
        className={search.ready ? "bg-sunken dark:bg-raised" : ""}
        onClick={() => change({ ready: !search.ready })}
      >
        <KeyRound aria-hidden /> With a key
      </Button>
    </>
  );
}
