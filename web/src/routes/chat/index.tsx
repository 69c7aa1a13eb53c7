import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { useUser } from "./-data/use_outbox";
import { NewChat } from "./-parts/new_chat";

export const Route = createFileRoute("/chat/")({
  component: () => {
    const user = useUser();
    const navigate = useNavigate();
    return (
      <NewChat user={user} onOpen={(id) => void navigate({ to: "/chat/$id", params: { id } })} />
    );
  },
});
