// The conformance suite of Durable Streams, against the server in HARNESS_URL.
import { runConformanceTests } from "@durable-streams/server-conformance-tests";

runConformanceTests({ baseUrl: process.env.HARNESS_URL, longPollTimeoutMs: 3_000 });
