import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { commentOf, type JsonSchema, refTo, schemaOfMessage } from "./message-schemas.ts";

/** The name of Connect's error among the schemas. */
export const connectErrorName = "connect.Error";

/** https://connectrpc.com/docs/protocol/#error-end-stream */
export const connectError: JsonSchema = {
  type: "object",
  required: ["code"],
  properties: {
    code: { type: "string", description: "Of Connect; ours is in the header `caxton-code`." },
    message: { type: "string", description: "Holds the value, the bound and what to do next." },
    details: { type: "array" },
  },
};

/** A path for each method of the services, as Connect serves it in JSON. */
export function rpcPaths(services: readonly DescService[]): Readonly<Record<string, JsonSchema>> {
  const methods = services.flatMap((service) => service.methods);
  return Object.fromEntries(methods.map((method) => [`/${method.parent.typeName}/${method.name}`, pathOf(method)]));
}

function pathOf(method: DescMethod): JsonSchema {
  const isRead = method.methodKind === "unary" && method.idempotency === Idempotency.NO_SIDE_EFFECTS;
  return { post: posted(method), ...(isRead ? { get: asked(method) } : {}) };
}

function described({ parent, name }: DescMethod, suffix = ""): JsonSchema {
  return {
    operationId: `${parent.name}_${name}${suffix}`,
    tags: [parent.name],
    summary: name,
    ...commentOf(`${parent.typeName}.${name}`),
  };
}

function posted(method: DescMethod): JsonSchema {
  return {
    ...described(method),
    requestBody: { required: true, content: content(method, method.input) },
    responses: responses(method),
  };
}

/** https://connectrpc.com/docs/protocol/#unary-get-request */
function asked(method: DescMethod): JsonSchema {
  const parameter = (name: string, of: JsonSchema): JsonSchema => ({ name, in: "query", required: true, ...of });
  return {
    ...described(method, "_get"),
    parameters: [
      parameter("connect", { schema: { const: "v1" } }),
      parameter("encoding", { schema: { const: "json" } }),
      parameter("message", { content: { "application/json": { schema: schemaOfMessage(method.input) } } }),
    ],
    responses: responses(method),
  };
}

function responses(method: DescMethod): JsonSchema {
  const error = { content: { "application/json": { schema: refTo(connectErrorName) } } };
  const isStream = method.methodKind !== "unary";
  const description = isStream
    ? "A message after the other; the last frame says how it ended, also where it is an error."
    : "Done.";
  return {
    200: { description, content: content(method, method.output) },
    default: {
      description: "Not done.",
      headers: { "caxton-code": { description: "A code of docs/errors.md.", schema: { type: "string" } } },
      ...error,
    },
  };
}

/** Streams go in frames of Connect's: a byte of flags, the length in four bytes, the message (https://connectrpc.com/docs/protocol/#streaming-rpcs). */
function content({ methodKind }: DescMethod, message: DescMethod["input"]): JsonSchema {
  const type = methodKind === "unary" ? "application/json" : "application/connect+json";
  return { [type]: { schema: schemaOfMessage(message) } };
}
