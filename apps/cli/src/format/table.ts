/** Columns as wide as their widest cell, two spaces apart; those named in `right` stand flush right. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly string[] = [],
): readonly string[] {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    heads
      .map((head, column) => {
        const cell = cells[column] ?? "";
        const width = widths[column] ?? 0;
        return right.includes(head) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  return [line(heads), ...rows.map(line)];
}

/** Names and values below each other, the values in one column. */
export function fields(values: readonly (readonly [name: string, value: string])[]): readonly string[] {
  const width = Math.max(0, ...values.map(([name]) => name.length));
  return values.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}
