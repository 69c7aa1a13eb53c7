import { useQuery } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import { useState } from "react";
import { meQuery } from "@/api/queries";
import { useCommands } from "@/parts/commands";
import { Loaded } from "@/parts/desk/loaded";
import { Facts, Rows, Section } from "@/parts/desk/section";
import { signOut } from "@/shell/sign_out";
import { Button } from "@/ui/button";
import { CredentialRow } from "./credential_row";
import { NewToken } from "./new_token";
import { isOver } from "./token_rules";
import { sessionsQuery, tokensQuery } from "./tokens";

const MAY = {
  viewer: "reads what it owns",
  operator: "starts and steers runs",
  admin: "manages users, and sees what all of them own",
} as const;

/** Who the person is, and what signs in as them. */
export default function AccountTab() {
  const me = useQuery(meQuery);
  const tokens = useQuery(tokensQuery(null));
  const sessions = useQuery(sessionsQuery);
  const [creating, setCreating] = useState(false);
  useCommands([
    {
      id: "token.new",
      title: "New API token",
      group: "Settings",
      run: () => setCreating(true),
    },
  ]);
  return (
    <>
      <Section
        title="You"
        actions={
          <Button size="sm" onClick={() => void signOut()}>
            <LogOut aria-hidden /> Sign out
          </Button>
        }
      >
        <Loaded query={me} rows={2}>
          {({ user, role }) => (
            <Facts
              facts={[
                { name: "User", value: user },
                {
                  name: "Role",
                  value: (
                    <>
                      {role} <span className="text-muted">– {MAY[role]}</span>
                    </>
                  ),
                },
              ]}
            />
          )}
        </Loaded>
      </Section>
      <Section
        title="API tokens"
        lead="For programs. A token is shown once, when it is created."
        actions={
          <Button size="sm" tone="primary" onClick={() => setCreating(true)}>
            New token
          </Button>
        }
      >
        <Loaded query={tokens}>
          {(list) => {
            const shown = list.filter((each) => !isOver(each));
            return shown.length === 0 ? (
              <p className="px-4 py-3 text-muted">You have no tokens.</p>
            ) : (
              <Rows label="API tokens">
                {shown.map((each) => (
                  <CredentialRow key={each.id} credential={each} />
                ))}
              </Rows>
            );
          }}
        </Loaded>
      </Section>
      <Section title="Browser sessions" lead="Browsers that are signed in as you.">
        <Loaded query={sessions}>
          {({ sessions: list, current }) => (
            <Rows label="Browser sessions">
              {list
                .filter((each) => !isOver(each))
                .map((each) => (
                  <CredentialRow key={each.id} credential={each} current={each.id === current} />
                ))}
            </Rows>
          )}
        </Loaded>
      </Section>
      {creating && me.data && <NewToken role={me.data.role} onClose={() => setCreating(false)} />}
    </>
  );
}
