export const rooms: Record<string, string[]>;
export function roomOf(path: string): string | undefined;
export function refusal(fromPath: string, toPath: string): string | undefined;
