type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The members that were given: what is undefined is left out, so that it is left alone. */
export function defined<T extends Readonly<Record<string, unknown>>>(members: T): Defined<T> {
  // undefined is what was left out
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>;
}
