import type { Message } from "@/events/types";
import { Fold, MessageParts } from "@/parts/message_parts";

/** What a call of a model added to what the model knew. */
export function NewMessages(props: { run: string; messages: readonly Message[] }) {
  const count = props.messages.length;
  return (
    <Fold summary={`New to the model: ${count} ${count === 1 ? "message" : "messages"}`}>
      <div className="flex flex-col gap-2 border-line border-l-2 pl-3">
        {props.messages.map((message, place) => (
          <div key={place}>
            <p className="text-muted text-xs">
              {message.role}
              {message.origin ? ` (${message.origin})` : ""}
            </p>
            <MessageParts run={props.run} message={message} plain />
          </div>
        ))}
      </div>
    </Fold>
  );
}
