// Drives an agent with AG-UI's official client: a message, an approval, and one more message.
import { HttpAgent, buildResumeArray } from "@ag-ui/client";

const { HARNESS_URL, HARNESS_TOKEN, AGENT } = process.env;
const agent = new HttpAgent({
  url: `${HARNESS_URL}/api/v1/ag-ui/${AGENT}`,
  headers: { Authorization: `Bearer ${HARNESS_TOKEN}` },
});
const outcomes = [];
const subscriber = {
  onRunFinishedEvent: ({ event }) => void outcomes.push(event.outcome.type),
};
agent.setMessages([{ id: "m1", role: "user", content: "Write to Ann." }]);
await agent.runAgent({}, subscriber);
const asked = agent.pendingInterrupts;
const resume = buildResumeArray(asked, {
  [asked[0].id]: { status: "resolved", payload: { approved: true } },
});
await agent.runAgent({ resume }, subscriber);
const left = agent.pendingInterrupts.length;
agent.addMessage({ id: "m2", role: "user", content: "Thanks." });
await agent.runAgent({}, subscriber);
console.log(JSON.stringify({ outcomes, asked, left, messages: agent.messages }));
