/** The thread of an agent that hung, and may burn a processor with its next message too: all of it, loading too, yields. */
import { yieldOwnProcessor } from "./thread-priority.ts";

yieldOwnProcessor();
await import("./runner-worker.ts");
