/** Numbers texts in the order of their first appearance; a text keeps its number for ever. */
export class Ordinals {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];

  of(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#texts.length);
    this.#texts.push(text);
    return this.#texts.length - 1;
  }

  text(ordinal: number): string {
    return this.#texts[ordinal] ?? "";
  }
}

/** Numbers ids of rows that belong to tenants: equal ids of two tenants have two numbers. */
export class TenantOrdinals {
  readonly #byTenant = new Map<string, Map<string, number>>();
  readonly #ids: string[] = [];

  of(tenantId: string, id: string): number {
    let own = this.#byTenant.get(tenantId);
    if (own === undefined) {
      own = new Map();
      this.#byTenant.set(tenantId, own);
    }
    const known = own.get(id);
    if (known !== undefined) return known;
    own.set(id, this.#ids.length);
    this.#ids.push(id);
    return this.#ids.length - 1;
  }

  id(ordinal: number): string {
    return this.#ids[ordinal] ?? "";
  }
}
