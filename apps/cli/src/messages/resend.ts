import { CaxtonError, isErrorCode } from "@caxton/contracts/errors";
import type { ResendResult } from "@caxton/contracts/gen/caxton/v1/messages_pb.js";
import type { Gateway } from "../gateway-client.ts";

export interface ResendOrder {
  readonly agent: string;
  readonly actor: string;
  readonly reason: string;
  readonly again: boolean;
}

/** Which dead letters are meant. */
type Filter = Omit<Parameters<Gateway["listDeadLetters"]>[0], "$typeName" | "$unknown" | "limit" | "afterPosition">;

/** What came of sending dead letters again. */
export interface ResendTally {
  resent: number;
  /** Inbox sequences of the new messages, lowest and highest. */
  first: number | undefined;
  last: number | undefined;
  already: { readonly old: number; readonly as: number }[];
  failed: number;
  /** Of the first that failed. */
  error: CaxtonError | undefined;
}

interface Watched {
  /** Ends it between two steps. */
  readonly signal: AbortSignal;
  readonly onProgress: (tally: ResendTally) => void;
}

const stepMax = 100;

export async function resendSome(
  gateway: Gateway,
  order: ResendOrder,
  epoch: string,
  sequences: readonly number[],
  { signal, onProgress }: Watched,
): Promise<ResendTally> {
  const tally = emptyTally();
  for (let at = 0; at < sequences.length && !signal.aborted; at += stepMax) {
    const letters = sequences.slice(at, at + stepMax).map((sequence) => ({ epoch, sequence }));
    const { results } = await gateway.resendDeadLetters({ ...order, letters });
    for (const result of results) count(tally, result);
    onProgress(tally);
  }
  return tally;
}

/** Every dead letter that is there when it begins; those that come of the sending are not sent again. Stops where the inbox is full. */
export async function resendAll(
  gateway: Gateway,
  order: ResendOrder,
  filter: Filter,
  { signal, onProgress }: Watched,
): Promise<ResendTally> {
  const tally = emptyTally();
  const [newest] = (await gateway.listDeadLetters({ ...filter, limit: 1 })).letters;
  const end = newest?.position ?? 0;
  for (let afterPosition = 0; afterPosition < end && !signal.aborted && tally.error?.code !== "inbox-full";) {
    const page = await gateway.listDeadLetters({ ...filter, afterPosition, limit: stepMax });
    const letters = page.letters.filter(({ position }) => position <= end);
    afterPosition = letters.at(-1)?.position ?? end;
    if (letters.length === 0) continue;
    const places = letters.map(({ epoch, sequence }) => ({ epoch, sequence }));
    const { results } = await gateway.resendDeadLetters({ ...order, letters: places });
    for (const result of results) count(tally, result);
    onProgress(tally);
  }
  return tally;
}

function emptyTally(): ResendTally {
  return { resent: 0, first: undefined, last: undefined, already: [], failed: 0, error: undefined };
}

function count(tally: ResendTally, result: ResendResult): void {
  const { sequence, resentAs, already, errorCode, errorMessage } = result;
  if (errorCode !== "") {
    tally.failed += 1;
    tally.error ??= new CaxtonError(isErrorCode(errorCode) ? errorCode : "internal", errorMessage);
  } else if (already) {
    tally.already.push({ old: sequence, as: resentAs });
  } else {
    tally.resent += 1;
    tally.first = Math.min(tally.first ?? resentAs, resentAs);
    tally.last = Math.max(tally.last ?? resentAs, resentAs);
  }
}
