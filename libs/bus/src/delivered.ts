import { CaxtonError } from "@caxton/contracts/errors";
import type { Msg } from "@nats-io/transport-node";
import { fromNatsHeaders } from "./headers.ts";
import type { StoredMessage } from "./types.ts";

/** What the server writes into the reply subject of a message that a consumer delivers. */
export interface DeliveryInfo {
  readonly deliveryCount: number;
  readonly streamSequence: number;
  readonly consumerSequence: number;
  readonly storedAtMs: number;
}

/**
 * `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<ns>.<pending>`; newer servers put domain and
 * account hash behind `ACK` and may append a token (NATS ADR-15).
 */
export function parseDelivery(reply: string): DeliveryInfo {
  const tokens = reply.split(".");
  const at = tokens.length >= 11 ? 6 : 4;
  const info = {
    deliveryCount: Number(tokens[at]),
    streamSequence: Number(tokens[at + 1]),
    consumerSequence: Number(tokens[at + 2]),
    storedAtMs: Math.floor(Number(tokens[at + 3]) / 1e6),
  };
  if (tokens[1] !== "ACK" || Number.isNaN(info.storedAtMs))
    throw new CaxtonError("internal", `'${reply}' is no reply subject of a consumer`);
  return info;
}

export function toStoredMessage(message: Msg, info: DeliveryInfo): StoredMessage {
  return {
    subject: message.subject,
    data: message.data,
    headers: fromNatsHeaders(message.headers),
    sequence: info.streamSequence,
    storedAtMs: info.storedAtMs,
  };
}
