import { array, assert, property, record, string, stringMatching, uint8Array } from "fast-check";
import { expect, test } from "vitest";
import { headerText } from "./headers.ts";
import { frame, type Publication } from "./wire.ts";

/** Reads a frame as a server does: a line, then as many bytes as it says, then a line end. */
function readAll(bytes: Uint8Array): Publication[] {
  const buffer = Buffer.from(bytes);
  const found: Publication[] = [];
  for (let at = 0; at < buffer.length;) {
    const end = buffer.indexOf("\r\n", at);
    const [verb, subject = "", ...rest] = buffer.toString("utf8", at, end).split(" ");
    const sizes = rest.splice(verb === "HPUB" ? -2 : -1).map(Number);
    const [reply = ""] = rest;
    const headerBytes = verb === "HPUB" ? (sizes[0] ?? 0) : 0;
    const bodyFrom = end + 2 + headerBytes;
    at = end + 2 + (sizes.at(-1) ?? 0);
    const headers = buffer.toString("utf8", end + 2, bodyFrom);
    found.push({ subject, reply, headers, data: Uint8Array.from(buffer.subarray(bodyFrom, at)) });
    expect(buffer.toString("utf8", at, at + 2)).toBe("\r\n");
    at += 2;
  }
  return found;
}

const publication = record({
  subject: stringMatching(/^[a-zäß.]{1,30}$/),
  reply: stringMatching(/^[A-Z.]{0,20}$/),
  headers: string({ unit: "grapheme", maxLength: 40 }).map((text) => {
    const value = text.replaceAll(/[\r\n]/g, "");
    return value === "" ? "" : headerText({ name: value, "Caxton-Kind": "greeting" });
  }),
  data: uint8Array({ maxLength: 200 }),
});

test("a server finds in a frame what was published, in order", () => {
  assert(
    property(array(publication, { maxLength: 10 }), (many) => {
      expect(readAll(frame(many))).toEqual(many);
    }),
  );
});

test("headers are written as the protocol has them", () => {
  expect(headerText({ "Nats-Msg-Id": " 7 ", b: "ü" })).toBe("NATS/1.0\r\nNats-Msg-Id: 7\r\nb: ü\r\n\r\n");
  expect(headerText({})).toBe("");
  expect(headerText(undefined)).toBe("");
});
