import { useQuery } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { CodeBlock } from "@/parts/code_block";
import { Loaded } from "@/parts/desk/loaded";
import { Section } from "@/parts/desk/section";
import { RuleList } from "@/parts/policy/rule_list";

const EXAMPLE = `[[policies.rules]]
name = "large payments"
decision = "ask"
tool = "pay"
arguments = { amount = { above = 100 } }
whom = ["role:admin"]`;

/** The rules that new runs get. */
export default function RulesTab() {
  const policy = useQuery({
    queryKey: ["policy"],
    queryFn: () => call(api.GET("/api/v1/policy")),
  });
  return (
    <Section
      title="Rules in force"
      lead="The first rule that fits a call decides. A run keeps the rules that it began with, unless an admin switches them in its tab Safety."
    >
      <Loaded query={policy} rows={4}>
        {(found) =>
          found.rules.length > 0 || found.function ? (
            <RuleList policy={found} />
          ) : (
            <div className="flex flex-col gap-2 px-4 py-4 text-muted">
              <p>There are no rules, so each tool's own approval applies. In harness.toml:</p>
              <CodeBlock>
                <code className="language-toml">{EXAMPLE}</code>
              </CodeBlock>
            </div>
          )
        }
      </Loaded>
    </Section>
  );
}
