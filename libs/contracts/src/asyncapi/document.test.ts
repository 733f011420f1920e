import { describe, expect, it } from "vitest";
import { commandVerbs } from "../commands.ts";
import { deploymentEventSchemas } from "../deployment-event.ts";
import { freezeEventSchemas } from "../freeze-event.ts";
import * as subjects from "../subjects.ts";
import { channels } from "./channels.ts";
import { asyncApiDocument } from "./document.ts";

/** Between services of ours only. A subject that is not here has a channel. */
const internal: readonly string[] = [
  "relayedSubject",
  "resentSubject",
  "validateSubject",
  "runSubject",
  "instanceExitSubject",
  "routeQuerySubject",
  "routeAckSubject",
  "watchSubject",
  "inFlightSubject",
  "codeRemovalSubject",
  "closedInboxSubject",
  "busySubject",
];

/** As the server matches: what takes a place of the subject is `*`. */
const pattern = (subject: string): string => subject.replaceAll(/\{\w+\}/g, "*");

interface Written {
  readonly channels: Readonly<
    Record<string, { readonly address: string | null; readonly parameters?: object; readonly messages: object }>
  >;
  readonly operations: Readonly<Record<string, { readonly reply?: { readonly channel: unknown } }>>;
  readonly components: { readonly messages: Readonly<Record<string, { readonly examples?: readonly unknown[] }>> };
}

describe("the AsyncAPI document", () => {
  const document: Written = JSON.parse(JSON.stringify(asyncApiDocument()));
  const addresses = Object.values(channels).flatMap(({ address }) => (address === undefined ? [] : [address]));

  it("has a channel for every subject that is for others; channels.ts is the place", () => {
    const places = ["{a}", "{b}", "{c}"] as const;
    const missing = Object.entries(subjects).filter(([name, of]) => {
      if (!name.endsWith("Subject") || internal.includes(name) || name === "commandSubject") return false;
      const subject: unknown = typeof of === "function" ? Reflect.apply(of, undefined, places) : of;
      return !addresses.map(pattern).includes(pattern(String(subject)));
    });
    expect(missing.map(([name]) => name)).toEqual([]);
  });

  it("has a channel for every verb, with the answer and an example", () => {
    expect(commandVerbs.length).toBeGreaterThan(2);
    for (const verb of commandVerbs) {
      const address = `caxton.commands.{principal}.{agent}.${verb}`;
      expect(document.channels[verb]).toMatchObject({ address, parameters: { principal: {}, agent: {} } });
      expect(document.operations[verb]?.reply?.channel).toEqual({ $ref: "#/channels/answers" });
      expect(document.components.messages[verb]?.examples).toMatchObject([{ payload: { id: expect.any(String) } }]);
    }
  });

  it("has a message for every type of event", () => {
    expect(Object.keys(document.channels["deployments"]?.messages ?? {})).toEqual(Object.keys(deploymentEventSchemas));
    expect(Object.keys(document.channels["freezes"]?.messages ?? {})).toEqual(Object.keys(freezeEventSchemas));
  });

  it("describes every parameter, and gives no name twice", () => {
    for (const { address, parameters = {} } of Object.values(document.channels)) {
      const names = [...(address ?? "").matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
      const described = Object.entries(parameters).filter(([, of]) => typeof of === "object");
      expect([address, described.map(([name]) => name)]).toEqual([address, names]);
    }
    const messages = Object.values(channels).flatMap((channel) => Object.keys(channel.messages));
    expect(messages).toHaveLength(new Set(messages).size);
  });
});
