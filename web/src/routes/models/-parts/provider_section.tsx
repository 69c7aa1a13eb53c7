import { Rows, Section } from "@/parts/desk/section";
import type { Provider } from "../-models";
import { ModelRow } from "./model_row";
import type { Tests } from "./use_tests";

/** The models of a provider, and how to give the daemon its key. */
export function ProviderSection(props: { provider: Provider; tests: Tests; may: boolean }) {
  const { provider } = props;
  return (
    <Section
      title={provider.name}
      lead={
        !provider.ready && (
          <>
            No key on the daemon. Set{" "}
            <code className="font-mono text-xs">{keyName(provider.name)}</code> where the daemon and
            the workers start.
          </>
        )
      }
    >
      <div
        aria-hidden
        className="hidden items-center gap-4 border-b px-4 py-2 text-muted text-xs md:flex"
      >
        <span className="min-w-0 flex-1">Model</span>
        <span className="w-20 text-right">Context</span>
        <span className="w-44 text-right">In · cached · out, per million</span>
        {props.may && <span className="w-20" />}
      </div>
      <Rows label={`Models of ${provider.name}`}>
        {provider.models.map((model) => (
          <ModelRow key={model.model} model={model} tests={props.tests} may={props.may} />
        ))}
      </Rows>
    </Section>
  );
}

function keyName(provider: string): string {
  return `${provider.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}_API_KEY`;
}
