import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { useUser } from "./-data/use_outbox";
import { Chat } from "./-parts/chat";
import { ChatHead } from "./-parts/chat_head";

export const Route = createFileRoute("/chat/$id")({
  component: () => {
    const { id } = Route.useParams();
    const user = useUser();
    const navigate = useNavigate();
    return (
      <Chat
        key={id}
        chat={id}
        user={user}
        autoFocus
        onOpen={(other) => void navigate({ to: "/chat/$id", params: { id: other } })}
        head={(conversation) => <ChatHead conversation={conversation} />}
      />
    );
  },
});
