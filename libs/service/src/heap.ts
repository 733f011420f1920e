import { setFlagsFromString } from "node:v8";

/**
 * Tells V8 not to put objects into the old space at once because others from the same place in the code lived long. A stall
 * teaches it that of messages; from then on each message keeps the next ones' objects alive until a full collection, and
 * scavenges take several times as long (docs/decisions/0045). Call it before a program does anything else.
 */
export function keepMessagesYoung(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}

/**
 * Tells V8 to keep the bytecode of what was not called for a while. Between two rollbacks that is much of what one needs, and compiling it again in
 * the middle of one costs milliseconds (docs/decisions/0065). Call it before a program does anything else.
 */
export function keepRareCode(): void {
  setFlagsFromString("--no-flush-bytecode");
}
