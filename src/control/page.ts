/** What every list takes: how many items, and the cursor that the page before gave. */
export type PageQuery = { cursor?: string; limit?: number };
/** `-created_at` (the default) = newest first. */
export type SortedPageQuery = PageQuery & { sort?: "-created_at" | "created_at" };
export type Page<T> = { items: T[]; next: string | null };

const defaultLimit = 50;

/** How many items a page has; lists read one more to know whether there is a next page. */
export function limitOf(query: PageQuery): number {
  return query.limit ?? defaultLimit;
}

/** How a list of ids in the order of creation goes on after its cursor, and in which order. */
export function orderOf(query: SortedPageQuery): { after: "<" | ">"; direction: "asc" | "desc" } {
  return query.sort === "created_at" ? { after: ">", direction: "asc" } : { after: "<", direction: "desc" };
}

/** A page of `rows`, which hold up to one more than the limit. The cursor is the place of the page's last item. */
export function pageOf<Row, T>(rows: readonly Row[], query: PageQuery, to: { item(row: Row): T; cursor(row: Row): string }): Page<T> {
  const limit = limitOf(query);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(to.item), next: rows.length > limit && last !== undefined ? to.cursor(last) : null };
}
