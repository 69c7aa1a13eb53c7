// Reads a run with the official client of Durable Streams, in each of its ways.
import { stream } from "@durable-streams/client";

const { HARNESS_URL, HARNESS_TOKEN, RUN } = process.env;
const url = `${HARNESS_URL}/api/v1/streams/runs/${RUN}`;
const headers = { Authorization: `Bearer ${HARNESS_TOKEN}` };
const told = {};
const first = await stream({ url, headers, offset: "-1", live: false });
told.before = await first.json();
told.open = first.streamClosed;
console.log(JSON.stringify({ reading: first.offset }));
for (const live of ["long-poll", "sse"]) {
  const response = await stream({ url, headers, offset: first.offset, live });
  told[live] = await response.json(); // until the stream is closed
  told[`${live} closed`] = response.streamClosed;
}
console.log(JSON.stringify(told));
