import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus, BusMessage } from "@caxton/bus/types";
import { RunRequest, type RunAnswer } from "@caxton/contracts/agent-run";
import { toCaxtonError } from "@caxton/contracts/errors";
import { RouteEntry } from "@caxton/contracts/placement";
import { checker } from "@caxton/contracts/schema";
import { routeBucket, runSubject } from "@caxton/contracts/subjects";
import { boundedAnswer } from "../core/bounded-answer.ts";
import { admit, followRoute, initialGate } from "../core/route-gate.ts";
import type { InstanceReport } from "./protocol.ts";
import { type RunQueue, unfinished } from "./run-queue.ts";

const runRequest = checker("run request", RunRequest);
const routeEntry = checker("route", RouteEntry);

export interface ServeOptions {
  readonly bus: Bus;
  readonly queue: RunQueue;
  /** Resolves when all that take requests have joined the queue. */
  readonly running: Promise<unknown>;
  readonly agent: string;
  readonly version: string;
  readonly instance: string;
  report(report: InstanceReport): void;
  onError(error: unknown): void;
}

interface Waiting {
  readonly message: BusMessage;
  readonly request: RunRequest;
  readonly timer: NodeJS.Timeout;
}

/** What leaves room in one message of the bus for its headers and subject. */
const headroomBytes = 4_096;

/** Answers the routers' requests as far as the route allows. Knows the route before the first request can come. */
export async function serve(options: ServeOptions): Promise<{ drain(): Promise<void> }> {
  const { bus, queue, agent, version, instance } = options;
  let gate = initialGate;
  let waiting: Waiting[] = [];
  let reported = "ready 0";
  let idle = (): void => undefined;
  const stop = new AbortController();

  function reportState(): void {
    const { open, closedAtRevision } = gate;
    const state = open ? "ready" : queue.inFlight > 0 ? "closed" : "drained";
    const text = `${state} ${open ? 0 : closedAtRevision}`;
    if (text !== reported) options.report({ type: "state", state, closedAtRevision });
    reported = text;
  }

  function applyRoute(route: RouteEntry): void {
    gate = followRoute(gate, version, route);
    const ready = waiting;
    waiting = [];
    for (const { message, request, timer } of ready) {
      clearTimeout(timer);
      take(message, request);
    }
    reportState();
  }

  function take(message: BusMessage, request: RunRequest): void {
    if (request.messages.length === 0) return respond(message, boundedAnswer(instance, [], bus.maxPayloadBytes));
    const admission = admit(gate, request.routeRevision);
    if (admission.kind === "refuse") return refuse(message, admission.closedAtRevision);
    if (admission.kind === "wait") return wait(message, request);
    const taken = queue.add(
      request,
      () => admit(gate, request.routeRevision).kind === "serve",
      (results) => {
        if (results === undefined) refuse(message, gate.closedAtRevision);
        else respond(message, boundedAnswer(instance, results, bus.maxPayloadBytes - headroomBytes));
        reportState();
        if (queue.inFlight === 0) idle();
      },
    );
    if (taken) return;
    const busy: RunAnswer = { status: "busy", instance };
    respond(message, encodeJson(busy));
  }

  function wait(message: BusMessage, request: RunRequest): void {
    const giveUp = (): void => {
      waiting = waiting.filter((one) => one.message !== message);
      respond(message, boundedAnswer(instance, unfinished(request.messages), bus.maxPayloadBytes));
    };
    waiting.push({ message, request, timer: setTimeout(giveUp, request.budgetMs) });
  }

  function refuse(message: BusMessage, closedAtRevision: number): void {
    const answer: RunAnswer = { status: "refused", instance, code: "stale-route", closedAtRevision };
    respond(message, encodeJson(answer));
  }

  function reportMalformed(error: unknown): void {
    const text = `a request was not understood: ${toCaxtonError(error).message}`;
    options.report({ type: "log", lines: [{ atMs: Date.now(), level: "warn", text }] });
  }

  const following = followRoutes(bus, agent, applyRoute, (error) => options.onError(error), stop.signal);
  await Promise.all([following, options.running]);
  const subscription = bus.subscribe(
    runSubject(agent, version),
    (message) => take(message, runRequest.check(decodeJson(message.data))),
    { queue: "instances", onError: reportMalformed },
  );
  await subscription.ready;
  return {
    async drain() {
      await subscription.drain();
      while (queue.inFlight > 0) await new Promise<void>((resolve) => (idle = resolve));
      stop.abort();
      await bus.flush();
    },
  };
}

/** Resolves when what the route is now was given to `onRoute`. */
async function followRoutes(
  bus: Bus,
  agent: string,
  onRoute: (route: RouteEntry) => void,
  onError: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  const bucket = await bus.kv(routeBucket);
  await new Promise<void>((resolve, reject) => {
    async function follow(): Promise<void> {
      for await (const change of bucket.watch({ key: agent, signal, onCurrent: resolve })) {
        if (change.type === "put") onRoute(routeEntry.check(decodeJson(change.entry.value)));
      }
    }
    follow().catch((error: unknown) => {
      reject(error);
      onError(error);
    });
  });
}

/** An answer that the bus cannot take now is not missed for long: the router asks again. */
function respond(message: BusMessage, data: Uint8Array): void {
  try {
    message.respond(data);
  } catch {
    return;
  }
}
