/** The thread of an agent that hung, and may burn a processor with its next message too: all of it, loading too, yields. */
import { ownThreadId, yieldProcessor } from "./thread-priority.ts";

yieldProcessor(ownThreadId());
await import("./runner-worker.ts");
