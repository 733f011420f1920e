import Type, { type Static, type TSchema } from "./type.ts";
import { header } from "./subjects.ts";

/** What the gateway serves over HTTP besides the services of proto/caxton/v1. */

/** Every refusal on these routes; the status fits the code. */
export const HttpError = Type.Object({
  code: Type.String({ description: "Of the vocabulary in docs/errors.md." }),
  message: Type.String({ description: "Holds the value, the bound and what to do next." }),
});

export const ArtifactReceived = Type.Object({
  digest: Type.String({ description: "The sha256 of what was received." }),
  sizeBytes: Type.Integer({ minimum: 0 }),
  stored: Type.Boolean({ description: "False where it was there already." }),
});
export type ArtifactReceived = Static<typeof ArtifactReceived>;

export const SendResult = Type.Object({
  sequence: Type.Integer({ minimum: 0, description: "Where it stands in the inbox; 0 where it was not accepted." }),
  duplicate: Type.Boolean({ description: "The inbox had it already." }),
  errorCode: Type.String({ description: "Why it was not accepted; empty where it was." }),
  errorMessage: Type.String(),
});
export type SendResult = Static<typeof SendResult>;

export const SendResults = Type.Object({
  results: Type.Array(SendResult, { description: "One for each message, in the order given." }),
});

export const Alive = Type.Object({ status: Type.Literal("ok") });
export const Ready = Type.Object({ status: Type.Literal("ready") });
export const NotReady = Type.Object({
  status: Type.Literal("not-ready"),
  reasons: Type.Array(Type.String(), { description: "Each begins with its part: `router: …`." }),
});

const AnyDocument = Type.Record(Type.String(), Type.Unknown());
const Text = Type.String();

/** A body by its media type. */
export type Content = Readonly<Record<string, TSchema>>;

export interface HttpRoute {
  readonly method: "GET" | "HEAD" | "PUT" | "POST";
  /** With its parameters as `{name}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  /** By name. */
  readonly pathParameters?: Readonly<Record<string, TSchema>>;
  readonly headers?: Readonly<Record<string, TSchema>>;
  readonly requestBody?: Content;
  /** By status; `content` is absent where there is no body. */
  readonly responses: Readonly<Record<number, { readonly description: string; readonly content?: Content }>>;
  /** Refusals have no body that is an HttpError. */
  readonly refusesWithoutBody?: true;
}

const json = (schema: TSchema): Content => ({ "application/json": schema });
const digest = Type.String({
  pattern: "^[0-9a-f]{64}$",
  description: "The sha256 of the artifact.",
});
const optionalHeader = (description: string): TSchema => Type.String({ description });

export const httpRoutes = {
  storeArtifact: {
    method: "PUT",
    path: "/artifacts/{digest}",
    summary: "Uploads an artifact.",
    description: "Nothing is visible before all its bytes came and are what was announced.",
    pathParameters: { digest },
    requestBody: { "application/wasm": Type.String({ format: "binary" }) },
    responses: {
      200: { description: "It was there already.", content: json(ArtifactReceived) },
      201: { description: "It is stored.", content: json(ArtifactReceived) },
    },
  },
  findArtifact: {
    method: "HEAD",
    path: "/artifacts/{digest}",
    summary: "Tells whether an artifact was uploaded, and its size as `content-length`.",
    pathParameters: { digest },
    responses: { 200: { description: "It is there." }, 404: { description: "It is not." } },
    refusesWithoutBody: true,
  },
  sendMessages: {
    method: "POST",
    path: "/agents/{agent}/messages",
    summary: "Puts messages into an agent's inbox.",
    description:
      "The body is one message, whatever its media type, or one a line as `application/x-ndjson`. Each has its own result.",
    pathParameters: {
      agent: Type.String({ pattern: "^[a-z][a-z0-9-]{0,47}$", description: "The agent's whole name." }),
    },
    headers: {
      [header.kind]: optionalHeader("One of the kinds that the agent accepts; its first unless given."),
      [header.messageId]: optionalHeader("The producer's own id of the one message; not read where there are many."),
      [header.conversation]: optionalHeader("Messages of one conversation stay with one version."),
      [header.traceparent]: optionalHeader("W3C Trace Context."),
      [header.tracestate]: optionalHeader("Carried with the traceparent."),
    },
    requestBody: { "application/json": Type.Unknown(), "application/x-ndjson": Text },
    responses: { 200: { description: "What became of each.", content: json(SendResults) } },
  },
  health: {
    method: "GET",
    path: "/healthz",
    summary: "Answers while the process runs and its event loop turns.",
    responses: { 200: { description: "It does.", content: json(Alive) } },
  },
  readiness: {
    method: "GET",
    path: "/readyz",
    summary: "Tells whether everything that answers here can do its work now.",
    responses: {
      200: { description: "It can.", content: json(Ready) },
      503: { description: "It cannot.", content: json(NotReady) },
    },
  },
  metrics: {
    method: "GET",
    path: "/metrics",
    summary: "Metrics as Prometheus text (docs/telemetry.md).",
    responses: { 200: { description: "Prometheus text.", content: { "text/plain": Text } } },
  },
  openApi: {
    method: "GET",
    path: "/openapi.json",
    summary: "This document.",
    responses: { 200: { description: "OpenAPI 3.1.", content: json(AnyDocument) } },
  },
  asyncApi: {
    method: "GET",
    path: "/asyncapi.json",
    summary: "What is on the bus: commands, their answers, events, messages.",
    responses: { 200: { description: "AsyncAPI 3.0.", content: json(AnyDocument) } },
  },
} as const satisfies Readonly<Record<string, HttpRoute>>;
