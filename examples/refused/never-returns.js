// Describes itself for ever: refused at the stage `sandbox` as `start-timeout`, and its process ended.
export function describe() {
  for (let turns = 0; ; turns++) {
    if (turns < 0) return "{}";
  }
}

export function handle() {
  return [];
}
