/** The methods that are served, by their numbers in llhttp; every other is `*`. */
const names: ReadonlyMap<number, string> = new Map([
  [0, "DELETE"],
  [1, "GET"],
  [2, "HEAD"],
  [3, "POST"],
  [4, "PUT"],
  [6, "OPTIONS"],
  [28, "PATCH"],
]);

export function methodName(number: number): string {
  return names.get(number) ?? "*";
}
