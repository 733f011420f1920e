// The guest of the benchmark: reads its message and says one thing about it.
const schema = { type: "object", required: ["n"], properties: { n: { type: "integer" } } };

export function describe() {
  return JSON.stringify({
    name: "bench",
    version: "1",
    accepts: [{ kind: "order", schema, examples: [{ n: 1, padding: "x" }] }],
    emits: [{ kind: "reply", schema }],
  });
}

export function handle(message) {
  const { n, padding } = JSON.parse(message.body);
  return [{ kind: "reply", body: JSON.stringify({ n, padding }) }];
}
