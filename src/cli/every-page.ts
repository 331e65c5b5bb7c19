/** All items of a list, page after page. */
export async function everyPage<T>(
  page: (more: { limit: number; cursor?: string }) => Promise<{ items: T[]; next: string | null }>,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const got = await page({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    items.push(...got.items);
    cursor = got.next ?? undefined;
  } while (cursor !== undefined);
  return items;
}
