import type { DescMessage } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { apiServices } from "../api-services.ts";
import { openApiDocument } from "./document.ts";
import { structSchemas } from "./struct-schemas.ts";

function messagesBelow(message: DescMessage, seen: Set<DescMessage>): void {
  if (seen.has(message) || message.file.proto.package === "google.protobuf") return;
  seen.add(message);
  for (const { message: inner } of message.fields) if (inner !== undefined) messagesBelow(inner, seen);
}

describe("the OpenAPI document", () => {
  const methods = apiServices.flatMap((service) => service.methods);

  it("says of every field that holds free JSON what the code checks it with; struct-schemas.ts is the place", () => {
    const messages = new Set<DescMessage>();
    for (const { input, output } of methods) for (const message of [input, output]) messagesBelow(message, messages);
    const fields = [...messages].flatMap((message) => message.fields.map((field) => ({ message, field })));
    const free = fields.filter(({ field }) => field.message?.typeName === "google.protobuf.Struct");
    const names = free.map(({ message, field }) => `${message.typeName}.${field.name}`);
    expect(names.toSorted()).toEqual(Object.keys(structSchemas).toSorted());
  });

  it("has a path for every method, with its comment in proto/", () => {
    const { paths }: { paths: Readonly<Record<string, unknown>> } = JSON.parse(JSON.stringify(openApiDocument()));
    expect(paths["/caxton.v1.AgentDeployment/ListDeployments"]).toMatchObject({
      post: { operationId: "AgentDeployment_ListDeployments", description: "Newest first." },
      get: { operationId: "AgentDeployment_ListDeployments_get" },
    });
    for (const method of methods) expect(paths).toHaveProperty([`/${method.parent.typeName}/${method.name}`, "post"]);
  });

  it("says where it is served", () => {
    expect(openApiDocument("http://127.0.0.1:7420")).toMatchObject({ servers: [{ url: "http://127.0.0.1:7420" }] });
  });
});
