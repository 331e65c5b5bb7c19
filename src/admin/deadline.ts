import { AppError } from "../contract/errors.ts";

export const defaultDeadlineMs = 20_000;

/**
 * The result of `work`, or `store-away` after `ms`: a store that neither answers nor breaks the connection must not hold
 * a caller for ever. The work itself goes on, so its outcome is not known; repeating with the same key is safe.
 */
export async function withDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AppError("store-away", "no answer in time; whether the change was made is not known")), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
