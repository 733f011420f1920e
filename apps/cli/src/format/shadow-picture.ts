import type { Estimate } from "@caxton/contracts/shadow";

export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly colour: string;
}

const width = 860;
const rowHeight = 26;
const nameWidth = 300;
const valueWidth = 110;
/** `1,023.5 MiB (1,001.2 MiB to 1,040.0 MiB)` beside the end of a line. */
const intervalTextWidth = 290;

/** One bar a row, all on one scale, each with its number. */
export function barPicture(bars: readonly Bar[]): string {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const room = width - nameWidth - valueWidth;
  const rows = bars.flatMap(({ name, value, colour }, row) => {
    const y = row * rowHeight;
    const length = (value / most) * room;
    return [
      nameText(name, y),
      `<rect x="${nameWidth}" y="${y + 5}" width="${length.toFixed(1)}" height="${rowHeight - 10}" fill="${colour}"/>`,
      `<text x="${(nameWidth + length + 8).toFixed(1)}" y="${y + 18}" fill="currentColor">${value.toLocaleString("en-US")}</text>`,
    ];
  });
  return picture(rows, bars.length);
}

/** A dot for the value and a line for its interval, one a row, all on one scale from zero. */
export function intervalPicture(
  estimates: readonly (Estimate & { readonly name: string })[],
  text: (value: number) => string,
): string {
  const most = Math.max(Number.MIN_VALUE, ...estimates.map(({ high }) => high));
  const room = width - nameWidth - intervalTextWidth;
  const x = (value: number): number => nameWidth + (Math.max(0, value) / most) * room;
  const rows = estimates.flatMap(({ name, value, low, high }, row) => {
    const y = row * rowHeight;
    const middle = y + rowHeight / 2;
    return [
      nameText(name, y),
      `<line x1="${x(low).toFixed(1)}" y1="${middle}" x2="${x(high).toFixed(1)}" y2="${middle}" stroke="#2a6f97" stroke-width="3"/>`,
      `<circle cx="${x(value).toFixed(1)}" cy="${middle}" r="5" fill="#2a6f97"/>`,
      `<text x="${(x(high) + 10).toFixed(1)}" y="${y + 18}" fill="currentColor">${escaped(`${text(value)} (${text(low)} to ${text(high)})`)}</text>`,
    ];
  });
  return picture(rows, estimates.length);
}

function nameText(name: string, y: number): string {
  const shown = name.length > 42 ? `${name.slice(0, 41)}…` : name;
  return `<text x="${nameWidth - 10}" y="${y + 18}" text-anchor="end" fill="currentColor">${escaped(shown)}</text>`;
}

function picture(rows: readonly string[], count: number): string {
  const height = count * rowHeight + 4;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="13">${rows.join("")}</svg>`;
}

/** Everything in a report may come from an agent or a message. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
