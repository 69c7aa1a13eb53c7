// Drives an agent with the AI SDK's own chat, transport and stream reader: an approval, two
// questions, a reload in the middle, a refusal.
import {
  AbstractChat,
  DefaultChatTransport,
  lastAssistantMessageIsCompleteWithApprovalResponses,
  lastAssistantMessageIsCompleteWithToolCalls,
  safeValidateUIMessages,
} from "ai";

const { HARNESS_URL, HARNESS_TOKEN, AGENT } = process.env;

class State {
  status = "ready";
  error = undefined;
  constructor(messages) {
    this.messages = messages;
  }
  pushMessage = (message) => void (this.messages = [...this.messages, message]);
  popMessage = () => void (this.messages = this.messages.slice(0, -1));
  replaceMessage = (index, message) => void (this.messages = this.messages.with(index, message));
  snapshot = (value) => structuredClone(value);
}

class Chat extends AbstractChat {
  constructor(id, messages = []) {
    super({
      id,
      state: new State(messages),
      transport: new DefaultChatTransport({
        api: `${HARNESS_URL}/api/v1/ai-sdk/${AGENT}`,
        headers: { Authorization: `Bearer ${HARNESS_TOKEN}` },
      }),
      sendAutomaticallyWhen: (chat) =>
        lastAssistantMessageIsCompleteWithApprovalResponses(chat) ||
        lastAssistantMessageIsCompleteWithToolCalls(chat),
      onError: (error) => void (this.failed = String(error)),
    });
  }
  tool() {
    return this.lastMessage.parts.findLast((part) => part.type === "dynamic-tool");
  }
  async settle() {
    while (this.status !== "ready" && this.status !== "error") {
      await new Promise((done) => setTimeout(done, 20));
    }
    if (this.failed) throw new Error(this.failed);
  }
}

const told = {};
const chat = new Chat("chat 1");
await chat.sendMessage({ text: "Write to Ann." });
await chat.settle();
told.asked = chat.tool();
await chat.addToolApprovalResponse({ id: told.asked.approval.id, approved: true });
await chat.settle();
// Two questions in one run: the message's metadata is merged with that of the first.
told.questions = [];
for (const output of ["blue", "green"]) {
  const question = chat.tool();
  told.questions.push(question);
  await chat.addToolOutput({ tool: question.toolName, toolCallId: question.toolCallId, output });
  await chat.settle();
}
told.answered = chat.messages;

await chat.sendMessage({ text: "Write to Bob." });
await chat.settle();
// The page is loaded anew: it reads the messages that the conversation has, and resumes.
async function load() {
  const url = `${HARNESS_URL}/api/v1/ai-sdk/${AGENT}/${encodeURIComponent("chat 1")}/messages`;
  const headers = { Authorization: `Bearer ${HARNESS_TOKEN}` };
  const { messages } = await (await fetch(url, { headers })).json();
  const { success, error } = await safeValidateUIMessages({ messages });
  if (!success) throw error;
  return messages;
}
const again = new Chat("chat 1", await load());
told.loaded = again.messages;
await again.resumeStream();
await again.settle();
told.resumed = again.tool();
told.same = JSON.stringify(again.lastMessage.parts) === JSON.stringify(chat.lastMessage.parts);
await again.addToolApprovalResponse({ id: told.resumed.approval.id, approved: false, reason: "no" });
await again.settle();
told.denied = again.messages.at(-1);
told.ended = await load();
const over = new Chat("chat 1", again.messages);
await over.resumeStream();
told.over = over.messages.length === again.messages.length;
console.log(JSON.stringify(told));
