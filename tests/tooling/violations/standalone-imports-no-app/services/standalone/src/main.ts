const { print } = await import("../../../apps/cli/src/print.ts");

print("up");
