// quake-felt, version 2: guesses by its magnitude and its depth how many people felt an earthquake, and scores the guess by the reports.
const RULE = "felt-v2";

const text = { type: "string" };
const unknownNumber = { type: ["number", "null"] };

const event = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  required: ["id", "mag", "place", "time", "type"],
  properties: {
    id: { type: "string", minLength: 1 },
    mag: { type: "number", minimum: -5, maximum: 10 },
    place: text,
    time: { type: "integer" },
    type: text,
    felt: unknownNumber,
    depthKm: { type: "number" },
    item: { type: "integer", minimum: 0 },
  },
};

const guess = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  required: ["rule", "event", "item", "guess", "score"],
  additionalProperties: false,
  properties: {
    rule: { const: RULE },
    event: text,
    item: { type: ["integer", "null"] },
    // Powers of ten: 2 is a hundred people.
    guess: { type: "number", minimum: 0 },
    // 1 where it is right, 0 where it is wrong by a power of ten or more.
    score: { type: "number", minimum: 0, maximum: 1 },
  },
};

const examples = [
  {
    id: "us1000cglq",
    mag: 5.1,
    place: "39km NNE of Hualian, Taiwan",
    time: 1517966638040,
    type: "earthquake",
    felt: 1,
    depthKm: 10,
  },
  {
    id: "nc72967316",
    mag: -0.3,
    place: "6km NW of The Geysers, CA",
    time: 1517960000000,
    type: "earthquake",
    felt: null,
    depthKm: -1.2,
  },
];

export function describe() {
  return JSON.stringify({
    name: "quake-felt",
    shortName: "felt",
    version: "2.0.0",
    description: "Guesses how many people felt an earthquake, and knows that deep ones are felt less.",
    accepts: [{ kind: "event", schema: event, examples }],
    emits: [{ kind: "guess", schema: guess }],
  });
}

export function handle(message) {
  const { id, mag, felt, depthKm = 0, item = null } = JSON.parse(message.body);
  const guessed = Math.max(0, (mag - 3) / 2 - depthKm / 200);
  const score = Math.max(0, 1 - Math.abs(guessed - Math.log10(1 + (felt ?? 0))));
  const body = { rule: RULE, event: id, item, guess: rounded(guessed), score: rounded(score) };
  return [{ kind: "guess", body: JSON.stringify(body) }];
}

function rounded(value) {
  return Math.round(value * 1_000) / 1_000;
}
