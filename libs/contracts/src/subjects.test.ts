import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as subjects from "./subjects.ts";

const agent = fc.stringMatching(/^[a-z][a-z0-9-]{0,47}$/);
const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const version = fc.stringMatching(/^[a-z][a-z0-9-]{0,47}-v[1-9][0-9]{0,3}-[0-9a-f]{5}$/);
const epoch = fc.integer({ min: 1, max: 4e12 }).map(String);
const sequence = fc.integer({ min: 1 });

const subjectOf = fc
  .tuple(agent, token, version, epoch, sequence, fc.uuid())
  .map(([name, word, id, life, at, uuid]) => ({
    inbox: subjects.inboxSubject(name),
    relayed: subjects.relayedSubject(name, `${name}/${life}/${at}/0`),
    resent: subjects.resentSubject(name, life, at, 1),
    outcome: subjects.outcomeSubject(name, life, at),
    outbox: subjects.outboxSubject(name, word),
    command: subjects.commandSubject(word, name, "deploy"),
    answer: subjects.answerSubject(word, uuid),
    deployment: subjects.deploymentSubject(name, uuid, "RouteChanged"),
    freeze: subjects.freezeSubject(name, "FreezeStarted"),
    ledger: subjects.ledgerSubject(name),
    windows: subjects.windowsSubject(name),
    run: subjects.runSubject(name, id),
    exit: subjects.instanceExitSubject(name, id),
    routeQuery: subjects.routeQuerySubject(name),
    routeAck: subjects.routeAckSubject(name),
  }));

/** As the server matches: `*` is one token, `>` the rest; https://docs.nats.io/nats-concepts/subjects */
function covers(filter: string, subject: string): boolean {
  const wanted = filter.split(".");
  const tokens = subject.split(".");
  if (wanted.at(-1) === ">") return covers(wanted.slice(0, -1).join("."), tokens.slice(0, wanted.length - 1).join("."));
  return wanted.length === tokens.length && wanted.every((part, index) => part === "*" || part === tokens[index]);
}

describe("for legal names", () => {
  it("every subject has only tokens that may be published to", () => {
    fc.assert(
      fc.property(subjectOf, (all) =>
        Object.values(all).every((subject) => /^caxton(\.[A-Za-z0-9_-]+)+$/.test(subject)),
      ),
    );
  });

  it("every stream has a name that JetStream takes", () => {
    fc.assert(
      fc.property(agent, (name) =>
        [subjects.inboxStream(name), subjects.outcomeStream(name), subjects.outboxStream(name)].every((stream) =>
          /^[A-Za-z0-9_-]{1,255}$/.test(stream),
        ),
      ),
    );
  });

  it("every key has only what key-value buckets take, and wildcards find it by its parts", () => {
    fc.assert(
      fc.property(agent, version, fc.nat(63), (name, id, index) => {
        const keys = [subjects.versionKey(name, id), subjects.slotKey(name, id, index)];
        const [first, second, third, ...rest] = subjects.slotKey(name, id, index).split(".");
        const parts = first === name && second === id && third === String(index) && rest.length === 0;
        return parts && keys.every((key) => /^[A-Za-z0-9_.-]+$/.test(key));
      }),
    );
  });

  it("what a stream or consumer asks for is what is published", () => {
    fc.assert(
      fc.property(agent, token, epoch, sequence, fc.uuid(), (name, word, life, at, uuid) => {
        const pairs: readonly (readonly [string, string])[] = [
          [subjects.outcomeSubjects(name), subjects.outcomeSubject(name, life, at)],
          [subjects.outboxSubjects(name), subjects.outboxSubject(name, word)],
          [subjects.commandSubjects, subjects.commandSubject(word, name, "abort")],
          [subjects.answerSubjects, subjects.answerSubject(word, uuid)],
          [subjects.deploymentSubjects, subjects.deploymentSubject(name, uuid, "VersionReady")],
          [subjects.freezeSubjects, subjects.freezeSubject(name, "FreezeEnded")],
        ];
        const inbox = [
          subjects.inboxSubject(name),
          subjects.relayedSubject(name, `${word}/${life}/${at}/0`),
          subjects.resentSubject(name, life, at, 1),
        ];
        const takers = inbox.map((subject) => subjects.inboxSubjects(name).filter((filter) => covers(filter, subject)));
        if (takers.some(({ length }) => length !== 1)) return false;
        return pairs.every(([filter, subject]) => covers(filter, subject));
      }),
    );
  });

  it("no two kinds of subject meet, and no two agents share one", () => {
    fc.assert(fc.property(subjectOf, (all) => new Set(Object.values(all)).size === Object.keys(all).length));
    fc.assert(
      fc.property(
        agent,
        agent,
        (one, other) => one === other || subjects.inboxSubject(one) !== subjects.inboxSubject(other),
      ),
    );
  });
});

describe("the names of buckets and fixed streams", () => {
  it("are legal, and nobody shares one", () => {
    const names = Object.entries(subjects).flatMap(([name, value]) =>
      /(Bucket|Stream)$/.test(name) && typeof value === "string" ? [value] : [],
    );
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => !/^[A-Za-z0-9_-]+$/.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });
});
