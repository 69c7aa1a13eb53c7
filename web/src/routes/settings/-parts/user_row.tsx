import { useMutation, useQueryClient } from "@tanstack/react-query";
import {
  CircleSlash,
  Ellipsis,
  KeyRound,
  Link2,
  TriangleAlert,
  UserCheck,
  UserX,
} from "lucide-react";
import { useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import { root } from "@/api/root";
import { Ago } from "@/parts/ago";
import { Badge } from "@/parts/desk/badge";
import { Confirm } from "@/parts/desk/confirm";
import { Secret } from "@/parts/desk/copy_button";
import { ProblemCard } from "@/parts/problem_card";
import type { Role } from "@/parts/ranks";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Select } from "@/ui/field";
import { Menu, MenuItem, MenuLine } from "@/ui/menu";
import { NewToken } from "./new_token";
import { rolesUpTo } from "./token_rules";

const LOCAL = "local"; // the person at the machine: always an enabled admin

type Change = Schemas["UserChange"];

/** A user: role, sign-in link, token, and whether they may sign in at all. */
export function UserRow({ user }: { user: Schemas["User"] }) {
  const queries = useQueryClient();
  const [open, setOpen] = useState<"token" | "disable" | "link">();
  const change = async (body: Change) => {
    await call(api.PATCH("/api/v1/users/{user}", { params: { path: { user: user.name } }, body }));
    await queries.invalidateQueries({ queryKey: ["users"] });
  };
  const changing = useMutation({ mutationFn: change });
  const close = () => setOpen(undefined);
  const disabled = user.disabled != null;
  return (
    <li className="px-4 py-2.5">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <div className="min-w-0 flex-1 basis-40">
          <p className="flex flex-wrap items-center gap-x-3">
            <span className="min-w-0 truncate font-medium">{user.name}</span>
            {disabled && (
              <Badge icon={CircleSlash} tone="bad">
                disabled
              </Badge>
            )}
            {!user.genuine && (
              <Badge icon={TriangleAlert} tone="bad">
                not signed: refused
              </Badge>
            )}
          </p>
          <p className="text-muted text-xs">
            added <Ago at={user.created} />
          </p>
        </div>
        {user.name === LOCAL ? (
          <span className="px-3 text-muted text-xs">
            admin<span className="max-sm:sr-only">, the person at the machine</span>
          </span>
        ) : (
          <Select
            aria-label={`Role of ${user.name}`}
            className="h-8 w-28 text-xs"
            value={user.role}
            disabled={changing.isPending}
            onChange={({ target }) => changing.mutate({ role: target.value as Role })}
          >
            {rolesUpTo("admin").map((each) => (
              <option key={each}>{each}</option>
            ))}
          </Select>
        )}
        <Menu
          trigger={
            <Button size="icon" tone="quiet" aria-label={`More for ${user.name}`}>
              <Ellipsis />
            </Button>
          }
        >
          <MenuItem disabled={disabled} onSelect={() => setOpen("link")}>
            <Link2 aria-hidden /> Sign-in link
          </MenuItem>
          <MenuItem disabled={disabled} onSelect={() => setOpen("token")}>
            <KeyRound aria-hidden /> New token
          </MenuItem>
          {user.name !== LOCAL && (
            <>
              <MenuLine />
              {disabled ? (
                <MenuItem onSelect={() => changing.mutate({ disabled: false })}>
                  <UserCheck aria-hidden /> Enable
                </MenuItem>
              ) : (
                <MenuItem danger onSelect={() => setOpen("disable")}>
                  <UserX aria-hidden /> Disable
                </MenuItem>
              )}
            </>
          )}
        </Menu>
      </div>
      {changing.error && <ProblemCard className="mt-2" error={changing.error} />}
      {open === "token" && <NewToken role={user.role} user={user.name} onClose={close} />}
      {open === "link" && <SignInLink user={user.name} onClose={close} />}
      {open === "disable" && (
        <Confirm
          title={`Disable ${user.name}?`}
          action="Disable"
          act={() => change({ disabled: true })}
          onClose={close}
        >
          All tokens and browser sessions of {user.name} are refused at once. Runs go on.
        </Confirm>
      )}
    </li>
  );
}

function SignInLink(props: { user: string; onClose: () => void }) {
  const making = useMutation({
    mutationFn: () =>
      call(api.POST("/api/v1/sign-in-codes", { params: { query: { user: props.user } } })),
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && props.onClose()}
      title={`Sign-in link of ${props.user}`}
      description={`Opens the page signed in as ${props.user}, once, within 10 minutes. Whoever has it can use it.`}
    >
      {making.error && <ProblemCard error={making.error} />}
      {making.data ? (
        <Secret
          label="It is not shown again."
          text={`${location.origin}${root}/sign-in?code=${making.data.code}`}
        />
      ) : (
        <Button tone="primary" disabled={making.isPending} onClick={() => making.mutate()}>
          <Link2 aria-hidden /> Make a link
        </Button>
      )}
    </Dialog>
  );
}
