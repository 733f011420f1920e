import { type Inbound, splitKey } from "@caxton/contracts/inbound";
import { pointOf } from "@caxton/deployment/split";

/** Whether a shadow reads a message: always the same answer, and the same for the whole of a conversation. */
export function isSampled(deployment: string, share: number, message: Inbound): boolean {
  return share >= 1 || pointOf(`shadow ${deployment}`, splitKey(message)) < share;
}
