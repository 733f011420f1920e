#!/usr/bin/env node
import { createEcmaScriptPlugin, getComments, runNodeJs, type Schema } from "@bufbuild/protoplugin";

// A plugin of buf's (buf.gen.yaml): what stands above services, methods, messages and fields in proto/, by their full names.
// Descriptors do not carry comments to run time; the OpenAPI document is told with them.

function generateComments(schema: Schema): void {
  const comments: Record<string, string> = {};
  const keep = (name: string, desc: Parameters<typeof getComments>[0]): void => {
    const paragraphs = (getComments(desc).leading ?? "")
      .split(/\n\s*\n/)
      .map((text) => text.trim().replaceAll(/\s+/g, " "));
    const text = paragraphs.join("\n\n").trim();
    if (text !== "") comments[name] = text;
  };
  for (const file of schema.files) {
    for (const service of file.services) {
      keep(service.typeName, service);
      for (const method of service.methods) keep(`${service.typeName}.${method.name}`, method);
    }
    for (const type of schema.typesInFile(file)) {
      if (type.kind === "message") {
        keep(type.typeName, type);
        for (const field of type.fields) keep(`${type.typeName}.${field.name}`, field);
      }
    }
  }
  const sorted = Object.entries(comments).toSorted(([left], [right]) => (left < right ? -1 : 1));
  schema.generateFile("comments.json").print(JSON.stringify(Object.fromEntries(sorted), undefined, 2));
}

runNodeJs(createEcmaScriptPlugin({ name: "protoc-gen-comments", version: "1", generateTs: generateComments }));
