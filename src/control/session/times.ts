/** A session ends this long after it was last used. */
export const idleMs = 30 * 60_000;

/** A session ends this long after the sign-in, used or not. */
export const absoluteMs = 12 * 3_600_000;

/** A session that waits for the second factor ends this long after its first. */
export const pendingMs = 10 * 60_000;

/** The last use is written at most this often; a session may end by idleness up to this much early. */
export const touchMs = 60_000;

type Times = { last_seen_at: Date; expires_at: Date; ended_at: Date | null };

/** Whether a session still signs anybody in. */
export function isLive(row: Times, now: Date): boolean {
  return row.ended_at === null && now < row.expires_at && now.getTime() - row.last_seen_at.getTime() < idleMs;
}
