import type { Bus } from "@caxton/bus/types";
import { httpRoutes } from "@caxton/contracts/http-routes";
import { requireAgentName } from "@caxton/contracts/names";
import { header } from "@caxton/contracts/subjects";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { answerErrors } from "./http-errors.ts";
import { placeOf } from "./http-route.ts";
import { storeInInbox } from "./inbox.ts";
import type { Projection } from "./projection.ts";
import type { Logger } from "@caxton/telemetry/logger";

/** Largest request, whatever the number of messages in it. */
const bodyMaxBytes = 16 * 1024 * 1024;
const lines = "application/x-ndjson";

interface ToAgent {
  Params: { agent: string };
  Body: string;
}

/**
 * `POST /agents/<agent>/messages`: the body is one message, or one a line as `application/x-ndjson`. Kind, conversation and
 * id are taken from the headers that they have on the bus.
 */
export function inboxRoutes(bus: Bus, projection: Projection, log: Logger): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    answerErrors(app, log);
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "string", bodyLimit: bodyMaxBytes }, (_request, body, done) =>
      done(null, body),
    );
    const handler = async (request: FastifyRequest<ToAgent>) => {
      const agent = requireAgentName(request.params.agent);
      const many = request.headers["content-type"]?.startsWith(lines) === true;
      const bodies = many ? request.body.split("\n").filter((line) => line.trim() !== "") : [request.body];
      const messages = bodies.map((body) => ({
        body,
        kind: headerOf(request, header.kind),
        conversation: headerOf(request, header.conversation),
        traceparent: headerOf(request, header.traceparent),
        tracestate: headerOf(request, header.tracestate),
        // One id names one message.
        id: many ? "" : headerOf(request, header.messageId),
      }));
      return { results: await storeInInbox(bus, agent, messages, projection) };
    };
    app.route<ToAgent>({ ...placeOf(httpRoutes.sendMessages), bodyLimit: bodyMaxBytes, handler });
  };
}

function headerOf(request: FastifyRequest<ToAgent>, name: string): string {
  const value = request.headers[name.toLowerCase()];
  return typeof value === "string" ? value : "";
}
