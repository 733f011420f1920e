/**
 * The thread of an agent that hangs on one message after another and burns a processor with each: all of it, loading too,
 * gets a tenth of a processor that others want as well (nice 10, sched(7)).
 */
import { setPriority } from "node:os";

const niceness = 10;
// Of the calling thread: on Linux each has its own.
if (process.platform === "linux") setPriority(0, niceness);
await import("./runner-worker.ts");
