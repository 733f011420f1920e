import { CaxtonError } from "@caxton/contracts/errors";
import { setTimeout as delay } from "node:timers/promises";
import type { Connection } from "./connection.ts";
import { isPassing } from "./errors.ts";
import { Session, type SessionItem } from "./session.ts";
import type { FollowOptions, StoredMessage, StreamInfo } from "./types.ts";

export interface FollowRequest extends FollowOptions {
  readonly stream: string;
  /** `read` ends at what was stored when it began; with `lastPerSubject`, once nothing more is there. */
  readonly mode: "follow" | "read";
  readonly lastPerSubject?: boolean;
}

type InfoOf = (stream: string) => Promise<StreamInfo | undefined>;

const retryMs = 100;
const windowBytes = 32 * 1024 * 1024;

/**
 * The engine under `follow`, `read` and the watch of a bucket. It owns the one thing that makes reading exact: the
 * sequence that comes next. Sessions come and go; each begins there.
 */
export async function* followStream(
  connection: Connection,
  infoOf: InfoOf,
  request: FollowRequest,
): AsyncGenerator<StoredMessage, void> {
  const { stream, mode, signal, lastPerSubject = false } = request;
  const isAborted = (): boolean => signal?.aborted === true;
  if (isAborted()) return;
  const first = await infoOf(stream);
  if (first === undefined) throw new CaxtonError("stream-not-found", `there is no stream ${stream}`);
  const target = first.lastSequence;
  let epoch = request.epochMs ?? first.createdAtMs;
  if (first.createdAtMs !== epoch) throw madeAgain(stream);
  let next = Math.max(1, request.fromSequence ?? 1);
  let isCurrent = false;
  let hasYielded = false;

  const becomeCurrent = (): void => {
    if (isCurrent) return;
    isCurrent = true;
    request.onCaughtUp?.();
  };
  // What is written again while it is read moves up, above the target and above what was not yet read: there the newest
  // of each subject is had only when the server says that nothing is left.
  const isBeyondTarget = (sequence: number): boolean => !lastPerSubject && sequence > target;
  // Where this life of the stream begins, should it have been made again.
  const resume = async (): Promise<void> => {
    const info = await infoOf(stream);
    if (info === undefined) throw new CaxtonError("bus-unavailable", `stream ${stream} is away`);
    if (info.createdAtMs === epoch) return;
    if (mode === "read" || request.epochMs !== undefined) throw madeAgain(stream);
    epoch = info.createdAtMs;
    next = 1;
  };

  let isRetry = false;
  while (!isAborted()) {
    let session: Session | undefined;
    const close = (): void => session?.close();
    signal?.addEventListener("abort", close);
    try {
      if (isRetry) await resume();
      if (target === 0 || isBeyondTarget(next)) {
        becomeCurrent();
        if (mode === "read") return;
      }
      session = await Session.open(connection, {
        stream,
        fromSequence: next,
        filterSubject: request.filterSubject,
        lastPerSubject: lastPerSubject && !hasYielded,
        headersOnly: request.headersOnly,
        gatherMs: request.gatherMs,
        window: Math.min(256, Math.max(16, Math.floor(windowBytes / Math.max(1, first.spec.maxMessageBytes)))),
      });
      let items: readonly SessionItem[] | undefined;
      while (!isAborted() && (items = await session.take()) !== undefined) {
        for (const item of items) {
          if (isAborted()) return;
          if (item === "caught-up" || isBeyondTarget(item.sequence)) becomeCurrent();
          if (mode === "read" && isCurrent) return;
          if (item === "caught-up" || item.sequence < next) continue;
          next = item.sequence + 1;
          hasYielded = true;
          yield item;
          if (isBeyondTarget(next)) becomeCurrent();
          if (mode === "read" && isCurrent) return;
        }
      }
      return;
    } catch (error) {
      if (isAborted() || (mode === "follow" && connection.status === "closed")) return;
      if (!isPassing(error) || connection.status === "closed") throw error;
      isRetry = true;
      await untilWorthTrying(connection, signal);
    } finally {
      close();
      signal?.removeEventListener("abort", close);
    }
  }
}

function madeAgain(stream: string): CaxtonError {
  return new CaxtonError("stream-not-found", `stream ${stream} was made again while it was read; begin anew`);
}

async function untilWorthTrying(connection: Connection, signal: AbortSignal | undefined): Promise<void> {
  try {
    if (connection.status === "connected") await delay(retryMs, undefined, signal === undefined ? {} : { signal });
    await connection.connected(Infinity, signal);
  } catch {
    // Aborted or closed: the loop above looks for itself.
  }
}
