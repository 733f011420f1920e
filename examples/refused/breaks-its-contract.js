// Says that its alerts carry a level, and leaves the level out: refused at the stage `contracts` as `output-undeclared`.
export function describe() {
  return JSON.stringify({
    name: "quake-watch",
    shortName: "quake",
    version: "3.0.0",
    accepts: [
      {
        kind: "event",
        schema: {
          type: "object",
          required: ["id", "mag", "place", "time", "type"],
          properties: { id: { type: "string" }, mag: { type: "number" } },
        },
        examples: [
          { id: "us1000chhc", mag: 6.4, place: "22km NNE of Hualian, Taiwan", time: 1517932242400, type: "earthquake" },
        ],
      },
    ],
    emits: [
      {
        kind: "alert",
        schema: {
          type: "object",
          required: ["event", "level"],
          properties: { event: { type: "string" }, level: { enum: ["yellow", "orange", "red"] } },
        },
      },
    ],
  });
}

export function handle(message) {
  const { id, mag } = JSON.parse(message.body);
  return mag >= 2.5 ? [{ kind: "alert", body: JSON.stringify({ event: id }) }] : [];
}
