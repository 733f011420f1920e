// The guest of the benchmark that says something about every fifth message only.
const schema = { type: "object", required: ["n"], properties: { n: { type: "integer" } } };

export function describe() {
  return JSON.stringify({
    name: "bench",
    version: "1",
    accepts: [{ kind: "order", schema, examples: [{ n: 5, padding: "x" }] }],
    emits: [{ kind: "reply", schema }],
  });
}

export function handle(message) {
  const { n, padding } = JSON.parse(message.body);
  return n % 5 === 0 ? [{ kind: "reply", body: JSON.stringify({ n, padding }) }] : [];
}
