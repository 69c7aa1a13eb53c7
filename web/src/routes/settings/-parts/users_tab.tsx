import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { api, call } from "@/api/client";
import { useCommands } from "@/parts/commands";
import { Loaded } from "@/parts/desk/loaded";
import { Rows, Section } from "@/parts/desk/section";
import { ProblemCard } from "@/parts/problem_card";
import type { Role } from "@/parts/ranks";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input, Select } from "@/ui/field";
import { rolesUpTo } from "./token_rules";
import { UserRow } from "./user_row";

/** Everyone who can sign in. */
export default function UsersTab() {
  const users = useQuery({
    queryKey: ["users"],
    queryFn: async () => (await call(api.GET("/api/v1/users"))).users,
  });
  const [adding, setAdding] = useState(false);
  useCommands([
    {
      id: "users.add",
      title: "Add a user",
      group: "Settings",
      icon: UserPlus,
      run: () => setAdding(true),
    },
  ]);
  return (
    <Section
      title="Users"
      lead="Users own what they start. Admins see what all of them own."
      actions={
        <Button size="sm" tone="primary" onClick={() => setAdding(true)}>
          <UserPlus aria-hidden /> Add a user
        </Button>
      }
    >
      <Loaded query={users}>
        {(list) => (
          <Rows label="Users">
            {list.map((user) => (
              <UserRow key={user.name} user={user} />
            ))}
          </Rows>
        )}
      </Loaded>
      {adding && <AddUser onClose={() => setAdding(false)} />}
    </Section>
  );
}

function AddUser(props: { onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("operator");
  const adding = useMutation({
    mutationFn: () => call(api.POST("/api/v1/users", { body: { name: name.trim(), role } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["users"] });
      props.onClose();
    },
  });
  return (
    <Dialog open onOpenChange={(open) => !open && props.onClose()} title="Add a user">
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          adding.mutate();
        }}
      >
        <Field label="Name" hint="Lower-case letters, digits and . _ @ + -">
          {(ids) => (
            <Input
              {...ids}
              autoFocus
              placeholder="ana@example.org"
              value={name}
              onChange={({ target }) => setName(target.value)}
            />
          )}
        </Field>
        <Field label="Role">
          {(ids) => (
            <Select {...ids} value={role} onChange={({ target }) => setRole(target.value as Role)}>
              {rolesUpTo("admin").map((each) => (
                <option key={each}>{each}</option>
              ))}
            </Select>
          )}
        </Field>
        {adding.error && <ProblemCard error={adding.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={props.onClose}>Cancel</Button>
          <Button type="submit" tone="primary" disabled={!name.trim() || adding.isPending}>
            Add
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
